package io.dino4j.data.vector;

import java.util.BitSet;
import java.util.random.RandomGenerator;

/** Draws without replacement. */
final class Sample {
    private Sample() {}

    /**
     * Different numbers, ascending.
     *
     * @param from numbers 0 to this - 1
     * @param count wanted; all if there are not more
     */
    static int[] of(int from, int count, RandomGenerator random) {
        // Floyd's algorithm: one draw for each, whatever the share
        BitSet drawn = new BitSet();
        for (int i = Math.max(0, from - count); i < from; i++) {
            int pick = random.nextInt(i + 1);
            drawn.set(drawn.get(pick) ? i : pick);
        }
        return drawn.stream().toArray();
    }
}
