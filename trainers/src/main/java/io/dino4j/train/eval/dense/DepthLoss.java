package io.dino4j.train.eval.dense;

/**
 * The scale-invariant loss of depth (official {@code SigLoss}; Eigen et al. 2014, eq. 4): with {@code g = log(depth + e) - log(truth + e)} and
 * {@code e = 0.001}, {@code L = sqrt(var g + 0.15 mean(g)^2)}, the variance with {@code n - 1}.
 *
 * @param bins what the head's numbers mean
 */
record DepthLoss(DepthBins bins) implements HeadLoss {
    private static final double EPSILON = 0.001;
    private static final double MEAN_WEIGHT = 0.15;

    @Override
    public int outputs() {
        return bins.count();
    }

    @Override
    public double backward(double[] logits, float[] truth) {
        int n = truth.length;
        if (n < 2) {
            throw new IllegalArgumentException("the loss of depth needs two pixels at least, got " + n);
        }
        double[] depth = new double[n];
        double[] g = new double[n];
        double mean = 0;
        for (int i = 0; i < n; i++) {
            depth[i] = bins.depth(logits, i * bins.count());
            g[i] = Math.log(depth[i] + EPSILON) - Math.log(truth[i] + EPSILON);
            mean += g[i] / n;
        }
        double variance = 0;
        for (double v : g) {
            variance += (v - mean) * (v - mean) / (n - 1);
        }
        double loss = Math.sqrt(variance + MEAN_WEIGHT * mean * mean);
        for (int i = 0; i < n; i++) {
            double byG = loss > 0 ? ((g[i] - mean) / (n - 1) + MEAN_WEIGHT * mean / n) / loss : 0;
            bins.backward(logits, i * bins.count(), byG / (depth[i] + EPSILON));
        }
        return loss;
    }
}
