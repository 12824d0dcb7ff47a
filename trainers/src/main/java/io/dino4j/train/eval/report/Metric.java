package io.dino4j.train.eval.report;

import java.util.Locale;
import java.util.Optional;

/**
 * One number that says how good something is.
 *
 * @param name in tables, such as {@code k = 20}
 * @param value finite
 * @param interval 95% confidence, if it is known
 * @param scale how to read it
 */
public record Metric(String name, double value, Optional<Interval> interval, Scale scale) {
    /** How a number is to be read and written. */
    public enum Scale {
        /** A share from 0 to 1, written in percent; more is better. */
        SHARE(true),
        /** Any number; more is better. */
        SCORE(true),
        /** Any number, such as an error in metres; less is better. */
        ERROR(false);

        private final boolean higherIsBetter;

        Scale(boolean higherIsBetter) {
            this.higherIsBetter = higherIsBetter;
        }

        /** True if more is better. */
        public boolean higherIsBetter() {
            return higherIsBetter;
        }
    }

    /**
     * Checks the number: what cannot be computed is an error, not a value.
     *
     * @throws IllegalArgumentException if it is not finite, or a share beyond 0 to 1
     */
    public Metric {
        if (!Double.isFinite(value) || scale == Scale.SHARE && (value < 0 || value > 1)) {
            throw new IllegalArgumentException("'%s' cannot be computed: it comes out as %s".formatted(name, value));
        }
    }

    /**
     * A share of images, with Wilson's interval.
     *
     * @param successes from 0 to {@code of}
     * @param of number of images, 1 or more
     */
    public static Metric ofShare(String name, long successes, long of) {
        return new Metric(name, (double) successes / of, Optional.of(Interval.ofShare(successes, of)), Scale.SHARE);
    }

    /** A number with its interval. */
    public static Metric of(String name, double value, Interval interval, Scale scale) {
        return new Metric(name, value, Optional.of(interval), scale);
    }

    /** For people: such as {@code 47.1% (46.0-48.2)}. */
    public String text() {
        return number(value)
                + (scale == Scale.SHARE ? "%" : "")
                + interval.map(i -> " (%s-%s)".formatted(number(i.low()), number(i.high())))
                        .orElse("");
    }

    private String number(double v) {
        return scale == Scale.SHARE
                ? String.format(Locale.ROOT, "%.1f", 100 * v)
                : String.format(Locale.ROOT, "%.3f", v);
    }
}
