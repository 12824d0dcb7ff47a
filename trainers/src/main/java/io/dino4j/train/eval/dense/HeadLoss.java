package io.dino4j.train.eval.dense;

/** What a linear head learns by. */
sealed interface HeadLoss permits ClassLoss, DepthLoss {
    /** Numbers that the head gives for a pixel, {@code K}. */
    int outputs();

    /**
     * The loss of some pixels, and its gradient.
     *
     * @param logits {@code [n, K]}; overwritten by the gradient of the loss
     * @param truth {@code [n]}
     */
    double backward(double[] logits, float[] truth);
}
