package io.dino4j.benchmarks;

import java.util.Locale;

/**
 * What a figure should reach.
 *
 * @param atLeast true for a lower bound, false for an upper one
 * @param bound included
 */
record Goal(boolean atLeast, double bound) {
    static Goal atLeast(double bound) {
        return new Goal(true, bound);
    }

    static Goal atMost(double bound) {
        return new Goal(false, bound);
    }

    boolean met(double value) {
        return atLeast ? value >= bound : value <= bound;
    }

    @Override
    public String toString() {
        return "%s %s"
                .formatted(
                        atLeast ? ">=" : "<=",
                        String.format(Locale.ROOT, "%.4g", bound).replaceAll("\\.?0+$", ""));
    }
}
