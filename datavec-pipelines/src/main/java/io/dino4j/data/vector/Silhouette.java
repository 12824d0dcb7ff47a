package io.dino4j.data.vector;

/** Silhouettes by cosine distance. The mean distance to a cluster is 1 less the product with the mean of its rows. */
final class Silhouette {
    private Silhouette() {}

    static double mean(float[] rows, int d, int[] cluster, int clusters) {
        double[] sums = new double[clusters * d];
        int[] counts = new int[clusters];
        for (int i = 0; i < cluster.length; i++) {
            counts[cluster[i]]++;
            for (int j = 0; j < d; j++) {
                sums[cluster[i] * d + j] += rows[i * d + j];
            }
        }
        double total = 0;
        for (int i = 0; i < cluster.length; i++) {
            total += of(rows, i, d, cluster[i], sums, counts);
        }
        return total / cluster.length;
    }

    private static double of(float[] rows, int i, int d, int own, double[] sums, int[] counts) {
        if (counts[own] < 2) {
            return 0;
        }
        double a = 0;
        double b = Double.POSITIVE_INFINITY;
        for (int c = 0; c < counts.length; c++) {
            if (counts[c] > 0) {
                double product = 0;
                double square = 0;
                for (int j = 0; j < d; j++) {
                    product += rows[i * d + j] * sums[c * d + j];
                    square += (double) rows[i * d + j] * rows[i * d + j];
                }
                if (c == own) { // without itself
                    a = 1 - (product - square) / (counts[c] - 1);
                } else {
                    b = Math.min(b, 1 - product / counts[c]);
                }
            }
        }
        double most = Math.max(a, b);
        return Double.isInfinite(b) || most <= 0 ? 0 : (b - a) / most;
    }
}
