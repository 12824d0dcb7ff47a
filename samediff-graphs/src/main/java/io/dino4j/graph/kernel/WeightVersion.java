package io.dino4j.graph.kernel;

/**
 * The word of the owner of weights on when they change. Plans compiled with it (see {@link io.dino4j.graph.exec.Bindings}) keep what they
 * make of weights, such as copies in the layout of the hardware, until the next {@link #changed}. Several plans may share one. A change
 * that is not announced goes unseen.
 */
public final class WeightVersion {
    private volatile long number = 1;

    /** Says that weights were written since the last run, or will be before the next. */
    public void changed() {
        number++;
    }

    /** Grows with every change; at least 1. */
    long number() {
        return number;
    }
}
