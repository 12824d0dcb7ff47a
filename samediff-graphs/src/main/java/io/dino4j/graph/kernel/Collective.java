package io.dino4j.graph.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

/** What several workers work out together. All of them call the same methods in the same order. */
public interface Collective {
    /** A single worker: every sum is its own. */
    Collective ALONE = new Collective() {
        @Override
        public void sum(INDArray x) {
            // nothing to add
        }

        @Override
        public double max(double x) {
            return x;
        }

        @Override
        public double sum(double x) {
            return x;
        }
    };

    /** Replaces the elements of {@code x} by their sums over all workers. */
    void sum(INDArray x);

    /** The sum of a number over all workers. */
    double sum(double x);

    /** The largest of a number over all workers. */
    double max(double x);
}
