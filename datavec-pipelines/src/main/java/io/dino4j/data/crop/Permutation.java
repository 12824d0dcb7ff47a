package io.dino4j.data.crop;

import java.util.random.RandomGenerator;

/** Random orders. */
public final class Permutation {
    private Permutation() {}

    /** The numbers 0 to {@code size - 1} in random order (Fisher-Yates). */
    public static int[] draw(int size, RandomGenerator rng) {
        int[] order = new int[size];
        for (int i = 0; i < size; i++) {
            int j = rng.nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }
}
