package io.dino4j.data.vector;

import io.dino4j.data.Seed;
import java.util.Arrays;

/**
 * How good clusters are without knowing the right ones.
 *
 * @param meanSimilarity of the rows to their centroids, -1 to 1
 * @param silhouette mean of {@code (b - a) / max(a, b)} over a sample, where a is the mean cosine distance to the sampled rows of the own
 *     cluster and b the least mean distance to those of another; 0 for a row that is alone; -1 to 1
 * @param gini of the sizes: 0 if all are equal, towards 1 if few clusters hold all
 * @param entropy of the sizes over its largest value, {@code -Σ p ln p / ln K}: 1 if all are equal; 1 for one cluster
 * @param empty clusters without rows
 * @param histogram clusters by size: entry i counts those of {@code [2^i, 2^(i+1))} rows
 */
public record ClusterQuality(
        double meanSimilarity, double silhouette, double gini, double entropy, int empty, int[] histogram) {
    /**
     * Figures of clusters.
     *
     * @param clustering the clusters
     * @param rows {@code [N, D]} what was clustered
     * @param sample rows that the silhouette is taken of, at most; its time grows with this and the number of clusters
     * @param seed of the sample
     */
    public static ClusterQuality of(Clustering clustering, Blocks rows, int sample, long seed) {
        double sum = 0;
        for (float s : clustering.similarity()) {
            sum += s;
        }
        int[] counts = clustering.counts();
        return new ClusterQuality(
                clustering.size() == 0 ? 0 : sum / clustering.size(),
                silhouette(clustering, rows, sample, new Seed(seed)),
                gini(counts),
                entropy(counts),
                (int) Arrays.stream(counts).filter(n -> n == 0).count(),
                histogram(counts));
    }

    private static double silhouette(Clustering clustering, Blocks rows, int sample, Seed seed) {
        int[] drawn = Sample.of(rows.size(), sample, seed.derive("silhouette").at(0, 0));
        float[] x = RowsTask.fetch(rows, drawn);
        int[] cluster =
                Arrays.stream(drawn).map(i -> clustering.assignment()[i]).toArray();
        return drawn.length == 0 ? 0 : Silhouette.mean(x, rows.dimension(), cluster, clustering.clusters());
    }

    /**
     * Gini coefficient: half the mean absolute difference of two sizes over the mean size.
     *
     * @param counts sizes
     * @return 0 to 1; 0 for no rows
     */
    public static double gini(int[] counts) {
        int[] sorted = counts.clone();
        Arrays.sort(sorted);
        double weighted = 0;
        double total = 0;
        for (int i = 0; i < sorted.length; i++) {
            weighted += (2.0 * (i + 1) - sorted.length - 1) * sorted[i];
            total += sorted[i];
        }
        return total == 0 ? 0 : weighted / (sorted.length * total);
    }

    /**
     * Entropy over its largest value.
     *
     * @param counts sizes
     * @return 0 to 1
     */
    public static double entropy(int[] counts) {
        return counts.length < 2 ? 1 : LabelAgreement.entropy(counts) / Math.log(counts.length);
    }

    /**
     * Sizes by powers of two.
     *
     * @param counts sizes
     * @return entry i counts those of {@code [2^i, 2^(i+1))}
     */
    public static int[] histogram(int[] counts) {
        int[] histogram = new int[32];
        int used = 0;
        for (int n : counts) {
            if (n > 0) {
                int bin = 31 - Integer.numberOfLeadingZeros(n);
                histogram[bin]++;
                used = Math.max(used, bin + 1);
            }
        }
        return Arrays.copyOf(histogram, used);
    }
}
