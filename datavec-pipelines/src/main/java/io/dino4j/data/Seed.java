package io.dino4j.data;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * Root of all randomness of a data pipeline: a generator is an address (seed, step, sample), not a shared state. A
 * resumed or resharded run therefore sees the same crops.
 *
 * @param root any number; two runs with equal roots draw equal numbers
 */
public record Seed(long root) {
    /**
     * The generator of one sample at one step: equal on every machine, whichever worker draws it.
     *
     * @param step training step, or epoch, from 0
     * @param sample position within the step, from 0
     * @return a fresh generator, to be used by one thread
     */
    public RandomGenerator at(long step, int sample) {
        return new SplittableRandom(mix(mix(root + step) + sample));
    }

    /**
     * An independent root for another purpose, so that for instance masks and crops never share numbers.
     *
     * @param purpose a name fixed in the code
     * @return the derived seed
     */
    public Seed derive(String purpose) {
        return new Seed(mix(root ^ mix(0x9e3779b97f4a7c15L + purpose.hashCode())));
    }

    /** MurmurHash3's 64-bit finaliser: neighbouring addresses give unrelated generators. */
    private static long mix(long z) {
        z = (z ^ (z >>> 33)) * 0xff51afd7ed558ccdL;
        z = (z ^ (z >>> 33)) * 0xc4ceb9fe1a85ec53L;
        return z ^ (z >>> 33);
    }
}
