package io.dino4j.data.vector;

/**
 * How rows are clustered.
 *
 * @param clusters K, at least 1
 * @param iterations most passes that move centroids, from 0
 * @param settled the run ends when at most this share of rows changed its cluster in an iteration, 0 to 1; 0 asks for none
 * @param batch rows drawn for each iteration; 0 means all of them
 * @param seed of all choices by chance
 */
public record KMeansConfig(int clusters, int iterations, double settled, int batch, long seed) {
    /** Checks the ranges. */
    public KMeansConfig {
        if (clusters < 1 || iterations < 0 || batch < 0) {
            throw new IllegalArgumentException(
                    "k-means wants 1 or more clusters, and iterations and batch from 0; got %d, %d and %d"
                            .formatted(clusters, iterations, batch));
        }
        if (!(settled >= 0 && settled <= 1)) {
            throw new IllegalArgumentException("the share of rows that may move must lie in 0 to 1, got " + settled);
        }
    }

    /**
     * Full k-means of at most 50 iterations, until at most one row in a thousand moves.
     *
     * @param clusters K, at least 1
     * @param seed of all choices by chance
     */
    public static KMeansConfig of(int clusters, long seed) {
        return new KMeansConfig(clusters, 50, 1e-3, 0, seed);
    }

    /** The same with other clusters. */
    public KMeansConfig withClusters(int n) {
        return new KMeansConfig(n, iterations, settled, batch, seed);
    }

    /** The same with other iterations. */
    public KMeansConfig withIterations(int n) {
        return new KMeansConfig(clusters, n, settled, batch, seed);
    }

    /** The same that ends at another share of rows moved. */
    public KMeansConfig withSettled(double share) {
        return new KMeansConfig(clusters, iterations, share, batch, seed);
    }

    /** The same with batches of so many rows. */
    public KMeansConfig withBatch(int rows) {
        return new KMeansConfig(clusters, iterations, settled, rows, seed);
    }

    /** The same with another seed. */
    public KMeansConfig withSeed(long root) {
        return new KMeansConfig(clusters, iterations, settled, batch, root);
    }
}
