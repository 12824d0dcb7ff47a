package io.dino4j.train.eval.dense;

/**
 * Depth as a mean of evenly spaced depths (official {@code depth_pred} with {@code classify=True}, {@code bins_strategy="UD"},
 * {@code norm_strategy="linear"}): {@code p = (relu(z) + 0.1) / sum, depth = sum p b}.
 *
 * @param count of bins
 * @param least depth of the first, in metres, above 0
 * @param most depth of the last, in metres
 */
public record DepthBins(int count, double least, double most) {
    private static final double EPSILON = 0.1;

    /**
     * Checks the range.
     *
     * @throws IllegalArgumentException if it is empty
     */
    public DepthBins {
        if (count < 2 || !(least > 0) || !(most > least) || Double.isInfinite(most)) {
            throw new IllegalArgumentException("%d bins from %s to %s m: expected two at least, and a range above 0"
                    .formatted(count, least, most));
        }
    }

    /** The official 256 bins from 1 mm on. */
    public static DepthBins upTo(double most) {
        return new DepthBins(256, 0.001, most);
    }

    /** The depth of a bin, in metres. */
    double depth(int bin) {
        return least + (most - least) * bin / (count - 1);
    }

    /** The depth that a head's numbers mean, in metres. */
    double depth(float[] logits, int from) {
        double sum = 0;
        double weighted = 0;
        for (int k = 0; k < count; k++) {
            double p = Math.max(0, logits[from + k]) + EPSILON;
            sum += p;
            weighted += p * depth(k);
        }
        return weighted / sum;
    }

    /** The depth that a head's numbers mean, in metres. */
    double depth(double[] logits, int from) {
        return depth(logits, from, sum(logits, from));
    }

    private double depth(double[] logits, int from, double sum) {
        double weighted = 0;
        for (int k = 0; k < count; k++) {
            weighted += (Math.max(0, logits[from + k]) + EPSILON) * depth(k);
        }
        return weighted / sum;
    }

    private double sum(double[] logits, int from) {
        double sum = 0;
        for (int k = 0; k < count; k++) {
            sum += Math.max(0, logits[from + k]) + EPSILON;
        }
        return sum;
    }

    /** Replaces a head's numbers by the gradient: {@code d depth / d z_k = [z_k > 0] (b_k - depth) / sum}. */
    void backward(double[] logits, int from, double gradient) {
        double sum = sum(logits, from);
        double depth = depth(logits, from, sum);
        for (int k = 0; k < count; k++) {
            logits[from + k] = logits[from + k] > 0 ? gradient * (depth(k) - depth) / sum : 0;
        }
    }
}
