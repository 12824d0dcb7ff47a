package io.dino4j.benchmarks.subject;

import java.util.SplittableRandom;

/** Inputs that are the same in every process. */
final class Noise {
    private static final int IMAGES = 1;
    private static final int DIRECTION = 2;
    private static final int WEIGHTS = 3;

    private Noise() {}

    /** Images as the network sees them, {@code [B, 3, S, S]}; {@code group} tells crops of several sizes apart. */
    static float[] images(int group, int count, int size) {
        return uniform(16L * group + IMAGES, count * 3 * size * size);
    }

    /** A direction in the space of tokens, {@code [D]}: random, else the gradient of the final layer norm would be zero. */
    static float[] lossDirection(int dim) {
        return uniform(DIRECTION, dim);
    }

    /** Weights of tokens, {@code [T]}: the loss is {@code sum_t a_t w . y_t} for normalised tokens {@code y}. */
    static float[] lossWeights(int tokens) {
        return uniform(WEIGHTS, tokens);
    }

    /** Mean 0, variance 1. */
    private static float[] uniform(long seed, int length) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) (Math.sqrt(12) * (random.nextDouble() - 0.5));
        }
        return values;
    }
}
