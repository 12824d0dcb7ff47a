package io.dino4j.graph.kernel;

/**
 * What the kernels of one compiled graph share.
 *
 * @param collective the workers that targets are balanced over
 * @param scratch working memory that kernels share one after the other
 * @param weights inputs that seldom change
 */
public record KernelContext(Collective collective, Scratch scratch, KeptWeights weights) {
    /** Every input may change at every run. */
    public KernelContext(Collective collective, Scratch scratch) {
        this(collective, scratch, KeptWeights.none());
    }
}
