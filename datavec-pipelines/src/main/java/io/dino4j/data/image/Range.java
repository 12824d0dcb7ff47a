package io.dino4j.data.image;

import java.util.random.RandomGenerator;

/**
 * A closed interval of numbers.
 *
 * @param min smallest value
 * @param max largest value, at least {@code min}
 */
public record Range(double min, double max) {
    /** Checks that the ends are finite and in order. */
    public Range {
        if (!(min <= max) || Double.isInfinite(min) || Double.isInfinite(max)) {
            throw new IllegalArgumentException("not a range: %s to %s".formatted(min, max));
        }
    }

    /**
     * Draws uniformly between the ends.
     *
     * @param rng source of randomness
     * @return {@code min + (max - min) u} with u uniform in [0, 1)
     */
    public double draw(RandomGenerator rng) {
        return min + (max - min) * rng.nextDouble();
    }
}
