package io.dino4j.data.vector;

import java.util.List;

/**
 * Clusters of clusters.
 *
 * @param levels from the lowest, whose rows are the vectors, up; the rows of each further one are the centroids of the one below
 */
public record Hierarchy(List<Clustering> levels) {
    /** Checks that the levels fit. */
    public Hierarchy {
        levels = List.copyOf(levels);
        for (int i = 1; i < levels.size(); i++) {
            if (levels.get(i).size() != levels.get(i - 1).clusters()) {
                throw new IllegalArgumentException("level %d has %d rows where the level below has %d clusters"
                        .formatted(
                                i + 1, levels.get(i).size(), levels.get(i - 1).clusters()));
            }
        }
    }

    /** Returns the lowest level. */
    public Clustering lowest() {
        return levels.get(0);
    }

    /**
     * The cluster of each vector at a level.
     *
     * @param level from 0, the lowest
     * @return {@code [N]}
     */
    public int[] assignment(int level) {
        int[] of = lowest().assignment().clone();
        for (int l = 1; l <= level; l++) {
            int[] up = levels.get(l).assignment();
            for (int i = 0; i < of.length; i++) {
                of[i] = up[of[i]];
            }
        }
        return of;
    }
}
