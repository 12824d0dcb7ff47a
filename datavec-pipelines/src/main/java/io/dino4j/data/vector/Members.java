package io.dino4j.data.vector;

import java.util.Arrays;
import java.util.Comparator;

/**
 * The rows of each cluster.
 *
 * @param from {@code [K + 1]} where the rows of each cluster begin
 * @param rows {@code [N]} rows, cluster after cluster, ascending in each
 * @param similarity {@code [N]} by row
 */
record Members(int[] from, int[] rows, float[] similarity) {
    static Members of(Clustering c) {
        return of(c.assignment(), c.similarity(), c.clusters());
    }

    static Members of(int[] assignment, float[] similarity, int clusters) {
        int[] from = new int[clusters + 1];
        for (int c : assignment) {
            from[c + 1]++;
        }
        for (int c = 0; c < clusters; c++) {
            from[c + 1] += from[c];
        }
        int[] next = from.clone();
        int[] rows = new int[assignment.length];
        for (int i = 0; i < rows.length; i++) {
            rows[next[assignment[i]]++] = i;
        }
        return new Members(from, rows, similarity);
    }

    int size(int cluster) {
        return from[cluster + 1] - from[cluster];
    }

    /** Rows of a cluster, ascending. */
    int[] of(int cluster) {
        return Arrays.copyOfRange(rows, from[cluster], from[cluster + 1]);
    }

    /** Rows of a cluster, the most similar to the centroid first, of equals the first. */
    int[] nearestFirst(int cluster) {
        return Arrays.stream(rows, from[cluster], from[cluster + 1])
                .boxed()
                .sorted(Comparator.comparing((Integer i) -> -similarity[i]).thenComparing(i -> i))
                .mapToInt(i -> i)
                .toArray();
    }
}
