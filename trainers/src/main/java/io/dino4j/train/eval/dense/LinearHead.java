package io.dino4j.train.eval.dense;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A 1x1 convolution on features, the normalisation before it folded in: {@code z = x W + b}.
 *
 * @param weights {@code [C, K]} FLOAT
 * @param bias {@code [K]}
 */
record LinearHead(INDArray weights, float[] bias) {
    /** Numbers of a pixel, {@code K}. */
    int outputs() {
        return bias.length;
    }

    /**
     * Applies it.
     *
     * @param features {@code [n, C]}
     * @return {@code [n, K]}
     */
    float[] logits(float[] features, int n) {
        try (INDArray x = Nd4j.createFromArray(features);
                INDArray z = x.reshape(n, weights.size(0)).mmul(weights)) {
            float[] logits = z.dup('c').data().asFloat();
            for (int i = 0; i < logits.length; i++) {
                logits[i] += bias[i % bias.length];
            }
            return logits;
        }
    }
}
