package io.dino4j.data.crop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Pictures;
import io.dino4j.data.Seed;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.Reduction;
import io.dino4j.data.source.ImageSource;
import io.dino4j.data.source.Runs;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class EpochOrderTest {
    private static final Seed SEED = new Seed(11);

    /** Images without pixels. */
    private record Listed(int size, IntToDoubleFunction weights, Optional<Runs> runs) implements ImageSource {
        @Override
        public Image read(int i, Reduction reduction) {
            return Pictures.picture(8, 8, i);
        }

        @Override
        public byte[] encoded(int i) {
            return new byte[0];
        }

        @Override
        public float weight(int i) {
            return (float) weights.applyAsDouble(i);
        }

        @Override
        public String name(int i) {
            return "image " + i;
        }

        @Override
        public int label(int i) {
            return -1;
        }

        @Override
        public List<String> classes() {
            return List.of();
        }
    }

    private static int[] epoch(ImageSource source, int epoch) {
        EpochOrder order = new EpochOrder(source, SEED);
        return IntStream.range(0, source.size())
                .map(i -> order.at((long) epoch * source.size() + i, 0))
                .toArray();
    }

    /** The order of earlier versions, bit for bit: interrupted runs go on where they were. */
    @Test
    void equalWeightsGiveThePlainPermutation() {
        for (double weight : new double[] {1, 0.3}) {
            Listed source = new Listed(100, i -> weight, Optional.empty());
            for (int epoch = 0; epoch < 3; epoch++) {
                assertArrayEquals(Permutation.draw(100, SEED.at(epoch, 0)), epoch(source, epoch));
            }
        }
    }

    @Test
    void anImageComesAsOftenAsItsWeightSays() {
        int n = 500;
        int epochs = 400;
        Listed source = new Listed(n, i -> 1 + i % 4, Optional.empty());
        int[] counts = new int[n];
        for (int epoch = 0; epoch < epochs; epoch++) {
            int[] inEpoch = new int[n];
            for (int i : epoch(source, epoch)) {
                inEpoch[i]++;
            }
            for (int i = 0; i < n; i++) {
                double wanted = (1 + i % 4) / 2.5;
                assertTrue(inEpoch[i] == Math.floor(wanted) || inEpoch[i] == Math.ceil(wanted), "image " + i);
                counts[i] += inEpoch[i];
            }
        }
        for (int i = 0; i < n; i++) {
            assertEquals((1 + i % 4) / 2.5, counts[i] / (double) epochs, 0.1, "image " + i);
        }
        assertEquals((long) n * epochs, Arrays.stream(counts).asLongStream().sum());
        assertFalse(Arrays.equals(epoch(source, 0), epoch(source, 1)));
        assertArrayEquals(epoch(source, 5), epoch(source, 5));
    }

    @Test
    void extremeWeightsKeepTheLengthOfTheEpoch() {
        for (IntToDoubleFunction weights : List.<IntToDoubleFunction>of(
                i -> i == 3 ? 1e30 : 1e-30, i -> i == 99 ? 1e30 : 1e-30, i -> Math.exp(i - 50), i -> 1 + i * 1e-6)) {
            int[] order = epoch(new Listed(100, weights, Optional.empty()), 0);
            assertTrue(Arrays.stream(order).allMatch(i -> i >= 0 && i < 100));
        }
    }

    @Test
    void runsAreReadOneAfterAnother() {
        int n = 1000;
        Runs runs = new Runs(IntStream.range(0, 50).map(i -> 20 * i).toArray(), 100);
        Listed source = new Listed(n, i -> 1, Optional.of(runs));
        Set<List<Integer>> seen = new HashSet<>();
        for (int epoch = 0; epoch < 4; epoch++) {
            int[] order = epoch(source, epoch);
            assertArrayEquals(
                    IntStream.range(0, n).toArray(),
                    Arrays.stream(order).sorted().toArray());
            for (int window = 0; window < n; window += 100) {
                assertEquals(
                        5,
                        Arrays.stream(order, window, window + 100)
                                .map(i -> i / 20)
                                .distinct()
                                .count());
            }
            seen.add(Arrays.stream(order).boxed().toList());
            assertTrue(
                    IntStream.range(1, n)
                                    .filter(i -> order[i] == order[i - 1] + 1)
                                    .count()
                            < 60,
                    "shuffled");
        }
        assertEquals(4, seen.size());
        EpochOrder resumed = new EpochOrder(source, SEED);
        assertEquals(epoch(source, 3)[517], resumed.at(3517, 0));
    }

    @Test
    void weightsAndRunsGoTogether() {
        Runs runs = new Runs(new int[] {0, 10, 11, 40}, 16);
        Listed source = new Listed(60, i -> i < 10 ? 1e-9 : i % 2 == 0 ? 3 : 1, Optional.of(runs));
        int[] order = epoch(source, 0);
        long[] counts = new long[60];
        Arrays.stream(order).forEach(i -> counts[i]++);
        assertEquals(60, Arrays.stream(counts).sum());
        assertTrue(IntStream.range(10, 60).allMatch(i -> counts[i] >= 1 || i % 2 == 1));
    }
}
