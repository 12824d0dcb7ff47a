package io.dino4j.train.eval.dense;

/**
 * Softmax cross-entropy, {@code L = -mean log softmax(z)[truth]}.
 *
 * @param outputs number of classes
 */
record ClassLoss(int outputs) implements HeadLoss {
    @Override
    public double backward(double[] logits, float[] truth) {
        int n = truth.length;
        double loss = 0;
        for (int i = 0; i < n; i++) {
            int from = i * outputs;
            double most = Double.NEGATIVE_INFINITY;
            for (int k = 0; k < outputs; k++) {
                most = Math.max(most, logits[from + k]);
            }
            double right = logits[from + (int) truth[i]] - most;
            double sum = 0;
            for (int k = 0; k < outputs; k++) {
                logits[from + k] = Math.exp(logits[from + k] - most);
                sum += logits[from + k];
            }
            loss += Math.log(sum) - right;
            for (int k = 0; k < outputs; k++) {
                logits[from + k] /= sum * n;
            }
            logits[from + (int) truth[i]] -= 1.0 / n;
        }
        return loss / n;
    }
}
