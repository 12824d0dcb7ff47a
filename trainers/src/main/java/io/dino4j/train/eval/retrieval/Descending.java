package io.dino4j.train.eval.retrieval;

import java.util.Arrays;

/** Orders scores without boxing them. */
final class Descending {
    private Descending() {}

    /**
     * The positions of the largest scores, best first; of equal ones the first.
     *
     * @param scores finite
     * @param most how many, at most
     */
    static int[] order(float[] scores, int most) {
        long[] keys = new long[scores.length];
        for (int i = 0; i < keys.length; i++) {
            int bits = Float.floatToIntBits(scores[i] + 0f); // no negative zero
            int ascending = bits ^ (bits >> 31 & Integer.MAX_VALUE); // as a number of the same order
            keys[i] = (long) ~ascending << Integer.SIZE | i;
        }
        Arrays.parallelSort(keys);
        int[] order = new int[Math.min(most, keys.length)];
        for (int i = 0; i < order.length; i++) {
            order[i] = (int) keys[i];
        }
        return order;
    }
}
