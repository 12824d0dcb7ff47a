package io.dino4j.train.cluster.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.param.ParameterLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class GradientSumTest {
    private static final int LENGTH = 2 * PiecePool.SIZE + 12_345;

    private record Chunk(int rank, int from, int to) {}

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void anyOrderOfAnyChunksGivesTheSameBits(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int worldSize = 4;
        float[][] gradients = new float[worldSize][LENGTH];
        float[] expected = new float[LENGTH];
        List<Chunk> chunks = new ArrayList<>();
        for (int rank = 0; rank < worldSize; rank++) {
            for (int i = 0; i < LENGTH; i++) {
                gradients[rank][i] = (float) (random.nextDouble() - 0.5) * (rank == 1 ? 1e4f : 1);
                expected[i] = rank == 0 ? gradients[0][i] : expected[i] + gradients[rank][i];
            }
            for (int at = 0; at < LENGTH; ) {
                int to = Math.min(LENGTH, at + 1 + random.nextInt(40_000));
                chunks.add(new Chunk(rank, at, to));
                if (random.nextInt(3) == 0) { // again, cut elsewhere
                    chunks.add(new Chunk(rank, Math.max(0, at - 77), Math.min(LENGTH, to + 99)));
                }
                at = to;
            }
        }
        for (int i = chunks.size() - 1; i > 0; i--) {
            Collections.swap(chunks, i, random.nextInt(i + 1));
        }
        try (PiecePool pool = new PiecePool();
                GradientSum sum = sum(worldSize, pool)) {
            for (int round = 0; round < 2; round++) {
                for (Chunk c : chunks) {
                    sum.add(c.rank, 1, c.from, Arrays.copyOfRange(gradients[c.rank], c.from, c.to), c.to - c.from);
                }
                assertTrue(sum.isComplete());
                assertArrayEquals(expected, sum.sum().vector().toFloatVector());
                sum.clear();
                assertFalse(sum.isComplete());
            }
            assertTrue(pool.pieces() <= 3 * (worldSize - 1), "pieces " + pool.pieces());
        }
    }

    @Test
    void inOrderNothingWaits() {
        try (PiecePool pool = new PiecePool();
                GradientSum sum = sum(2, pool)) {
            sum.add(0, 1, 0, new float[LENGTH], LENGTH);
            assertFalse(sum.isComplete());
            sum.add(1, 1, 0, new float[LENGTH], LENGTH);
            assertTrue(sum.isComplete());
            assertEquals(0, pool.pieces());
        }
    }

    @Test
    void aRunOfRanksCountsForAllOfThem() {
        try (PiecePool pool = new PiecePool();
                GradientSum sum = sum(3, pool)) {
            float[] ones = new float[LENGTH];
            Arrays.fill(ones, 1);
            sum.add(2, 1, 0, ones, LENGTH);
            assertThrows(IllegalArgumentException.class, () -> sum.add(1, 2, 0, ones, LENGTH));
            sum.add(0, 2, 0, ones, LENGTH);
            assertTrue(sum.isComplete());
            assertEquals(2f, sum.sum().vector().getFloat(LENGTH - 1));
            assertThrows(IllegalArgumentException.class, () -> sum.add(0, 1, 0, ones, LENGTH));
            assertThrows(IllegalArgumentException.class, () -> sum.add(1, 1, 0, ones, LENGTH));
            assertThrows(IllegalArgumentException.class, () -> sum.add(2, 2, 0, ones, LENGTH));
            assertThrows(IllegalArgumentException.class, () -> sum.add(0, Integer.MAX_VALUE, 0, ones, LENGTH));
        }
    }

    private static GradientSum sum(int worldSize, PiecePool pool) {
        return new GradientSum(ParameterLayout.of(Map.of("backbone.x", new long[] {LENGTH})), worldSize, pool);
    }

    @Test
    void spansTellWhatIsNew() {
        Spans spans = new Spans();
        assertEquals(List.of("5-10"), added(spans, 5, 10));
        assertEquals(List.of("20-30"), added(spans, 20, 30));
        assertEquals(List.of("0-5", "10-20", "30-31"), added(spans, 0, 31));
        assertEquals(List.of(), added(spans, 3, 31));
        assertEquals(List.of("31-40"), added(spans, 31, 40));
        assertEquals(List.of("50-60"), added(spans, 50, 60));
        assertEquals(List.of("45-50", "60-61"), added(spans, 45, 61));
        assertEquals(56, spans.covered());
        List<String> all = new ArrayList<>();
        spans.forEach((from, to) -> all.add(from + "-" + to));
        assertEquals(List.of("0-40", "45-61"), all);
    }

    private static List<String> added(Spans spans, long from, long to) {
        List<String> added = new ArrayList<>();
        spans.add(from, to, (a, b) -> added.add(a + "-" + b));
        return added;
    }
}
