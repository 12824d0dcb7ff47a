package io.dino4j.data.vector;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Progress;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

final class HierarchyTest {
    private static final int D = 12;

    private static Hierarchy cluster(float[] rows, HierarchyConfig config) throws IOException {
        return new HierarchicalKMeans(config, KMeansCheckpoint.NONE, Progress.SILENT)
                .cluster(LocalBlocks.of(new ArrayVectors(rows, D)));
    }

    @Test
    void levelsShrinkAndFit() throws IOException {
        Hierarchy h = cluster(Rows.planted(4000, D, 60, 0.4, 1), HierarchyConfig.of(100, 3, 5));
        assertEquals(3, h.levels().size());
        assertArrayEquals(
                new int[] {100, 10, 1},
                h.levels().stream().mapToInt(Clustering::clusters).toArray());
        assertEquals(4000, h.lowest().size());
        assertTrue(Arrays.stream(h.assignment(2)).allMatch(c -> c == 0));
        int[] middle = h.assignment(1);
        for (int i = 0; i < 4000; i++) {
            assertEquals(h.levels().get(1).assignment()[h.lowest().assignment()[i]], middle[i]);
        }
        assertArrayEquals(
                h.lowest().centroids(),
                cluster(Rows.planted(4000, D, 60, 0.4, 1), HierarchyConfig.of(100, 3, 5))
                        .lowest()
                        .centroids());
    }

    /** Nine tenths of the rows lie around one direction; resampling gives the others their clusters. */
    @Test
    void resamplingSpreadsCentroids() throws IOException {
        float[] rare = Rows.planted(400, D, 20, 0.2, 2);
        float[] common = Rows.planted(3600, D, 1, 0.9, 3);
        float[] rows = Arrays.copyOf(rare, rare.length + common.length);
        System.arraycopy(common, 0, rows, rare.length, common.length);
        List<HierarchyConfig.Level> level = List.of(new HierarchyConfig.Level(60, 3));
        int without = inRare(cluster(rows, new HierarchyConfig(level, 0, 1, 30)));
        int with = inRare(cluster(rows, new HierarchyConfig(level, 8, 1, 30)));
        assertTrue(with > without, "clusters of rare rows: %d with resampling, %d without".formatted(with, without));
    }

    private static int inRare(Hierarchy h) {
        return (int) Arrays.stream(h.lowest().assignment(), 0, 400).distinct().count();
    }

    @Test
    void impossibleLevelsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new HierarchyConfig(List.of(), 1, 1, 1));
        assertThrows(
                IllegalArgumentException.class,
                () -> new HierarchyConfig(
                        List.of(new HierarchyConfig.Level(3, 1), new HierarchyConfig.Level(4, 1)), 1, 1, 1));
        assertThrows(
                IllegalArgumentException.class, () -> cluster(Rows.random(10, D, 1), HierarchyConfig.of(11, 1, 1)));
    }

    /** sizes; target; shares worked out by hand. */
    @ParameterizedTest
    @CsvSource({
        "10 1 5 3, 12, 4 1 4 3",
        "10 1 5 3, 13, 5 1 4 3",
        "10 1 5 3, 100, 10 1 5 3",
        "10 1 5 3, 0, 0 0 0 0",
        "4 4 4, 2, 1 1 0",
        "0 7 0, 3, 0 3 0"
    })
    void sharesAreCutAtOneHeight(String sizes, int target, String shares) {
        assertArrayEquals(numbers(shares), BalancedSample.share(numbers(sizes), target));
    }

    private static int[] numbers(String list) {
        return Arrays.stream(list.split(" ")).mapToInt(Integer::parseInt).toArray();
    }

    @ParameterizedTest
    @EnumSource(BalancedSample.Pick.class)
    void theSampleMeetsItsTargetAndIsBalanced(BalancedSample.Pick pick) throws IOException {
        Hierarchy h = cluster(Rows.planted(3000, D, 30, 0.5, 4), HierarchyConfig.of(80, 2, 1));
        for (int target : new int[] {0, 1, 77, 1000, 2999, 3000, 5000}) {
            int[] drawn = BalancedSample.of(h, target, pick, 9);
            assertEquals(Math.min(target, 3000), drawn.length);
            assertEquals(drawn.length, Arrays.stream(drawn).distinct().count());
            assertArrayEquals(drawn, BalancedSample.of(h, target, pick, 9));
        }
        int[] counts = new int[8];
        int[] sizes = new int[8];
        int[] top = h.assignment(1);
        for (int c : top) {
            sizes[c]++;
        }
        for (int i : BalancedSample.of(h, 400, pick, 9)) {
            counts[top[i]]++;
        }
        assertArrayEquals(BalancedSample.share(sizes, 400), counts);
    }

    @Test
    void theClosestAreTaken() throws IOException {
        Hierarchy h = cluster(Rows.planted(500, D, 5, 0.5, 4), HierarchyConfig.of(5, 1, 1));
        int[] drawn = BalancedSample.of(h, 50, BalancedSample.Pick.CLOSEST, 1);
        float[] s = h.lowest().similarity();
        for (int c = 0; c < 5; c++) {
            int cluster = c;
            double least = Arrays.stream(drawn)
                    .filter(i -> h.lowest().assignment()[i] == cluster)
                    .mapToDouble(i -> s[i])
                    .min()
                    .orElseThrow();
            long nearer = IntStream.range(0, 500)
                    .filter(i -> h.lowest().assignment()[i] == cluster && s[i] > least)
                    .count();
            assertEquals(9, nearer);
        }
    }
}
