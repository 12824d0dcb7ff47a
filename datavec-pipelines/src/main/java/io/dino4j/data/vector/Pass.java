package io.dino4j.data.vector;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * One pass over all rows with fixed centroids.
 *
 * @param cluster {@code [N]} the most similar centroid
 * @param similarity {@code [N]} with it
 * @param counts {@code [K]}
 * @param sums {@code [K, D]} of the rows of each cluster, times 2^30
 */
record Pass(int[] cluster, float[] similarity, int[] counts, long[] sums) {
    /** A row this near to its centroid is no candidate for a cluster of its own. */
    private static final float AT_CENTROID = 1 - 1e-5f;

    static Pass over(Blocks rows, float[] centroids) {
        AssignTask.Assigned assigned = rows.reduce(new AssignTask(centroids, rows.dimension(), true));
        int[] cluster = new int[rows.size()];
        float[] similarity = new float[rows.size()];
        assigned.copy(cluster, similarity);
        int[] counts = new int[centroids.length / rows.dimension()];
        for (int c : cluster) {
            counts[c]++;
        }
        return new Pass(cluster, similarity, counts, assigned.sums());
    }

    /** Mean of {@code 1 - similarity}. */
    double distance() {
        double total = 0;
        for (float s : similarity) {
            total += 1 - s;
        }
        return similarity.length == 0 ? 0 : total / similarity.length;
    }

    int moved(int[] before) {
        int moved = 0;
        for (int i = 0; i < cluster.length; i++) {
            moved += cluster[i] != before[i] ? 1 : 0;
        }
        return moved;
    }

    Clustering clustering(int dimension, float[] centroids, double[] objective, boolean settled) {
        return new Clustering(dimension, centroids, cluster, similarity, counts, objective, settled);
    }

    /** The centroids of the rows of each cluster. Empty clusters take the rows that are farthest from their centroids. */
    float[] centroids(Blocks rows, float[] before) {
        int d = rows.dimension();
        int[] empty =
                IntStream.range(0, counts.length).filter(c -> counts[c] == 0).toArray();
        if (empty.length == 0) {
            return directions(sums, before, d);
        }
        int[] seeds = farthest(empty.length);
        int[] sorted = seeds.clone();
        Arrays.sort(sorted);
        float[] found = RowsTask.fetch(rows, sorted);
        long[] all = sums.clone();
        for (int i = 0; i < seeds.length; i++) {
            int from = Arrays.binarySearch(sorted, seeds[i]) * d;
            int donor = cluster[seeds[i]] * d;
            for (int j = 0; j < d; j++) {
                int x = (int) (found[from + j] * AssignTask.FIXED);
                all[donor + j] -= x;
                all[empty[i] * d + j] = x;
            }
        }
        return directions(all, before, d);
    }

    /** The rows least similar to their centroids, of equals the first; no cluster gives its last row. */
    private int[] farthest(int count) {
        int[] left = counts.clone();
        return IntStream.range(0, cluster.length)
                .filter(i -> similarity[i] < AT_CENTROID)
                .boxed()
                .sorted(Comparator.comparing((Integer i) -> similarity[i]).thenComparing(i -> i))
                .filter(i -> left[cluster[i]]-- > 1)
                .limit(count)
                .mapToInt(i -> i)
                .toArray();
    }

    /** Sums scaled to length 1; a centroid of no rows, or of rows that cancel out, stays where it was. */
    static float[] directions(long[] sums, float[] before, int dimension) {
        float[] centroids = before.clone();
        for (int c = 0; c < sums.length; c += dimension) {
            double square = 0;
            for (int j = c; j < c + dimension; j++) {
                square += (double) sums[j] * sums[j];
            }
            double length = Math.sqrt(square);
            if (length >= AssignTask.FIXED * 1e-6) {
                for (int j = c; j < c + dimension; j++) {
                    centroids[j] = (float) (sums[j] / length);
                }
            }
        }
        return centroids;
    }
}
