package io.dino4j.data.vector;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Progress;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Threads and the order of blocks change no bit. */
final class LocalBlocksTest {
    private static final int D = 19;
    private static final float[] ROWS = Rows.planted(21_000, D, 30, 0.8, 1);

    private static List<Blocks> ways() {
        Vectors vectors = new ArrayVectors(ROWS, D);
        List<Blocks> ways = new ArrayList<>();
        for (int threads = 1; threads <= 3; threads++) {
            ways.add(new LocalBlocks(vectors, threads));
        }
        ways.add(new LocalBlocks(vectors, 2, i -> 5 - i));
        ways.add(new LocalBlocks(new NativeVectors(ROWS, D), 3, i -> (i * 5 + 2) % 6));
        return ways;
    }

    @Test
    void kMeansHasTheSameBits() throws IOException {
        for (int batch : new int[] {0, 3000}) {
            KMeansConfig config = KMeansConfig.of(25, 7).withIterations(8).withBatch(batch);
            Clustering first = null;
            for (Blocks way : ways()) {
                Clustering c = new KMeans(config, Progress.SILENT).cluster(way);
                first = first == null ? c : first;
                assertArrayEquals(first.centroids(), c.centroids());
                assertArrayEquals(first.assignment(), c.assignment());
                assertArrayEquals(first.similarity(), c.similarity());
                assertArrayEquals(first.objective(), c.objective());
            }
        }
    }

    @Test
    void neighboursHaveTheSameBits() {
        Neighbors first = null;
        for (Blocks way : ways()) {
            Neighbors n = new ExactNeighbors(way, 5).of(new ArrayVectors(Rows.random(700, D, 2), D), Progress.SILENT);
            first = first == null ? n : first;
            assertArrayEquals(first.index(), n.index());
            assertArrayEquals(first.similarity(), n.similarity());
        }
    }

    @Test
    void rowsAreFetched() {
        int[] index = IntStream.range(0, 21_000)
                .filter(i -> i % 37 == 5 || i > 20_900)
                .toArray();
        for (Blocks way : ways()) {
            float[] found = RowsTask.fetch(way, index);
            for (int i = 0; i < index.length; i++) {
                assertEquals(ROWS[index[i] * D + 3], found[i * D + 3]);
            }
        }
        assertThrows(IndexOutOfBoundsException.class, () -> RowsTask.fetch(ways().get(0), new int[] {21_000}));
        assertThrows(IllegalArgumentException.class, () -> new RowsTask(new int[] {3, 3}));
    }

    @Test
    void whatFailsInAThreadIsToldToTheCaller() {
        float[] rows = Rows.random(9000, 3, 1);
        rows[8500 * 3] = 7;
        Blocks blocks = new LocalBlocks(new ArrayVectors(rows, 3), 2);
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> new KMeans(KMeansConfig.of(2, 1), Progress.SILENT)
                        .cluster(blocks));
        assertTrue(e.getMessage().contains("vector 8500"), e.getMessage());
    }

    /** Tasks and results go to other machines. */
    @Test
    void tasksAndResultsAreSerialised() throws IOException {
        Blocks blocks = ways().get(0);
        try (ObjectOutputStream out = new ObjectOutputStream(new ByteArrayOutputStream())) {
            NeighborTask neighbours = new NeighborTask(Rows.random(3, D, 1), D, 2, -1, -1);
            AssignTask assign = new AssignTask(Rows.random(3, D, 1), D, true);
            RowsTask rows = new RowsTask(new int[] {1, 5});
            for (Object o : List.of(
                    neighbours, assign, rows, blocks.reduce(neighbours), blocks.reduce(assign), blocks.reduce(rows))) {
                out.writeObject(o);
            }
        }
    }
}
