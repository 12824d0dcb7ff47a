package io.dino4j.data.vector;

import java.util.ArrayList;
import java.util.List;

/**
 * Levels of a hierarchical k-means.
 *
 * @param levels from the lowest, which clusters the rows, up; each clusters the centroids of the one below
 * @param steps times that a level is clustered again from the rows nearest to its centroids, from 0
 * @param seed of all choices by chance
 * @param iterations most iterations of each k-means
 */
public record HierarchyConfig(List<Level> levels, int steps, long seed, int iterations) {
    /**
     * One level.
     *
     * @param clusters K, at least 1 and at most the rows of the level
     * @param nearest rows nearest to each centroid that it is clustered again from, r; at least 1
     */
    public record Level(int clusters, int nearest) {
        /** Checks the ranges. */
        public Level {
            if (clusters < 1 || nearest < 1) {
                throw new IllegalArgumentException(
                        "a level has 1 or more clusters and nearest rows, not %d and %d".formatted(clusters, nearest));
            }
        }
    }

    /** Checks that there is a level, and that they get smaller. */
    public HierarchyConfig {
        levels = List.copyOf(levels);
        if (levels.isEmpty() || steps < 0 || iterations < 0) {
            throw new IllegalArgumentException("a hierarchy has a level or more; got %d, with %d steps of %d iterations"
                    .formatted(levels.size(), steps, iterations));
        }
        for (int i = 1; i < levels.size(); i++) {
            if (levels.get(i).clusters() > levels.get(i - 1).clusters()) {
                throw new IllegalArgumentException("level %d has %d clusters, more than the %d of the level below"
                        .formatted(
                                i + 1,
                                levels.get(i).clusters(),
                                levels.get(i - 1).clusters()));
            }
        }
    }

    /**
     * Levels that shrink by one factor, the lowest of {@code clusters}: of 3 levels, K, K / 10 and K / 100, at least 1 each; 10 times
     * clustered again from the 5 nearest rows.
     *
     * @param clusters K of the lowest level
     * @param levels how many, at least 1
     * @param seed of all choices by chance
     */
    public static HierarchyConfig of(int clusters, int levels, long seed) {
        List<Level> list = new ArrayList<>();
        int k = clusters;
        for (int i = 0; i < levels; i++) {
            list.add(new Level(k, 5));
            k = Math.max(1, k / 10);
        }
        return new HierarchyConfig(list, 10, seed, 50);
    }
}
