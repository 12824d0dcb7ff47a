package io.dino4j.graph.kernel;

/**
 * One op, bound to its arrays: running it reads the inputs and writes the outputs that it was made with. It may be run any number
 * of times, by one thread at a time, and allocates nothing while it runs where its provider can avoid it.
 */
@FunctionalInterface
public interface Kernel extends AutoCloseable {
    /** Computes the outputs from what the inputs hold now. */
    void run();

    /** Releases native resources of the kernel, not its arrays. */
    @Override
    default void close() {}
}
