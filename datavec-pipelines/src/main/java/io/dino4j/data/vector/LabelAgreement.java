package io.dino4j.data.vector;

import java.util.Arrays;

/**
 * How well clusters agree with known classes.
 *
 * @param purity share of the rows that are of the most frequent class of their cluster, 0 to 1
 * @param nmi normalised mutual information {@code I(cluster, class) / ((H(cluster) + H(class)) / 2)}, 0 to 1; 1 if both are one
 */
public record LabelAgreement(double purity, double nmi) {
    /**
     * Compares.
     *
     * @param cluster {@code [N]} from 0
     * @param label {@code [N]} classes, from 0
     * @throws IllegalArgumentException if the lists differ in length, or are empty
     */
    public static LabelAgreement of(int[] cluster, int[] label) {
        if (cluster.length != label.length || cluster.length == 0) {
            throw new IllegalArgumentException(
                    "%d rows in clusters with %d labels".formatted(cluster.length, label.length));
        }
        int clusters = Arrays.stream(cluster).max().orElse(0) + 1;
        int labels = Arrays.stream(label).max().orElse(0) + 1;
        int[] joint = new int[Math.multiplyExact(clusters, labels)];
        int[] ofCluster = new int[clusters];
        int[] ofLabel = new int[labels];
        for (int i = 0; i < cluster.length; i++) {
            joint[cluster[i] * labels + label[i]]++;
            ofCluster[cluster[i]]++;
            ofLabel[label[i]]++;
        }
        double pure = 0;
        for (int c = 0; c < clusters; c++) {
            pure += Arrays.stream(joint, c * labels, (c + 1) * labels).max().orElse(0);
        }
        double both = entropy(ofCluster) + entropy(ofLabel);
        double mutual = both - entropy(joint);
        return new LabelAgreement(pure / cluster.length, both == 0 ? 1 : Math.max(0, 2 * mutual / both));
    }

    /** {@code -Σ p ln p}, in nats. */
    static double entropy(int[] counts) {
        double total = Arrays.stream(counts).asLongStream().sum();
        double sum = 0;
        for (int n : counts) {
            if (n > 0) {
                sum -= n / total * Math.log(n / total);
            }
        }
        return sum;
    }
}
