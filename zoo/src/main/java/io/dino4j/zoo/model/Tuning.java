package io.dino4j.zoo.model;

/** How a backbone takes part in training. */
public sealed interface Tuning {
    /** Not at all: a linear classifier on frozen features. The backward pass ends above it. */
    record Frozen() implements Tuning {}

    /**
     * All parameters, those near the images more gently.
     *
     * @param layerDecay what the rate is multiplied by for each layer further from the output, above 0 to 1; 0.65 to 0.9 is usual
     */
    record Full(double layerDecay) implements Tuning {
        /**
         * Checks the decay.
         *
         * @throws IllegalArgumentException if it is not above 0 and at most 1
         */
        public Full {
            if (!(layerDecay > 0 && layerDecay <= 1)) {
                throw new IllegalArgumentException("layerDecay must be above 0 and at most 1, got " + layerDecay);
            }
        }
    }

    /**
     * Low-rank adapters on the queries and values of every block, {@code W + alpha / rank * B A} with {@code A [r, D]} drawn at random and
     * {@code B [D, r]} zero at first; nothing else is trained (LoRA, arXiv 2106.09685, section 4.1).
     *
     * @param rank {@code r}, 1 or more; 4 to 16 is usual
     * @param alpha scale, positive; twice the rank is usual
     */
    record LowRank(int rank, double alpha) implements Tuning {
        /**
         * Checks rank and scale.
         *
         * @throws IllegalArgumentException if one of them is not positive
         */
        public LowRank {
            if (rank < 1 || !(alpha > 0)) {
                throw new IllegalArgumentException(
                        "adapters need a rank of 1 or more and a positive alpha, got %d and %s".formatted(rank, alpha));
            }
        }

        /** The factor of {@code B A}. */
        double scale() {
            return alpha / rank;
        }
    }
}
