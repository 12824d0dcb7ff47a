package io.dino4j.data.vector;

/**
 * Rows in clusters.
 *
 * @param dimension D
 * @param centroids {@code [K, D]} of length 1
 * @param assignment {@code [N]} cluster of each row: its most similar centroid, of equals the first
 * @param similarity {@code [N]} inner product with it
 * @param counts {@code [K]} rows of each cluster
 * @param objective mean cosine distance of the rows to their centroids, {@code 1 - similarity}, at the start and after each iteration;
 *     with batches, of the batch
 * @param settled whether the rows had settled when it ended, or there were no iterations left
 */
public record Clustering(
        int dimension,
        float[] centroids,
        int[] assignment,
        float[] similarity,
        int[] counts,
        double[] objective,
        boolean settled) {
    /** Checks the lengths. */
    public Clustering {
        if (centroids.length != counts.length * dimension || assignment.length != similarity.length) {
            throw new IllegalArgumentException("centroids of %d numbers for %d clusters; %d rows with %d similarities"
                    .formatted(centroids.length, counts.length, assignment.length, similarity.length));
        }
    }

    /** Returns K. */
    public int clusters() {
        return counts.length;
    }

    /** Returns N. */
    public int size() {
        return assignment.length;
    }
}
