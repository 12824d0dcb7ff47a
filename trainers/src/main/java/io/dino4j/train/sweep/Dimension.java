package io.dino4j.train.sweep;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import org.deeplearning4j.arbiter.optimize.api.ParameterSpace;
import org.deeplearning4j.arbiter.optimize.distribution.LogUniformDistribution;
import org.deeplearning4j.arbiter.optimize.parameter.continuous.ContinuousParameterSpace;
import org.deeplearning4j.arbiter.optimize.parameter.discrete.DiscreteParameterSpace;
import org.deeplearning4j.arbiter.optimize.parameter.integer.IntegerParameterSpace;

/** One key of a configuration and the values that are tried for it. Values are texts, as they stand behind {@code --set key=}. */
public sealed interface Dimension permits Dimension.Range, Dimension.Choice {
    /** Dotted name, such as {@code optim.base_lr}. */
    String key();

    /** Arbiter's space of one number from 0 to 1; a new one at each call, for a generator numbers it. */
    ParameterSpace<?> leaf();

    /** The value as text. */
    String text(Object ofLeaf);

    /** Where a value stands on an axis, 0 to 1. */
    double position(String text);

    /** Values that must be possible: all of a choice, both ends of a range. */
    List<String> probes();

    /** What is searched, in a few words. */
    String description();

    /**
     * Numbers between two ends, both included.
     *
     * @param key dotted name
     * @param from smallest value
     * @param to largest value, above {@code from}
     * @param log true to search evenly over the logarithm
     * @param whole true for whole numbers
     */
    record Range(String key, double from, double to, boolean log, boolean whole) implements Dimension {
        /** Four digits tell two learning rates apart, and are what a person writes. */
        private static final MathContext DIGITS = new MathContext(4);

        /** Checks the ends. */
        public Range {
            require(Double.isFinite(from) && Double.isFinite(to), key, "from and to must be finite");
            require(from < to, key, "from (%s) must be below to (%s)".formatted(plain(from), plain(to)));
            require(!log || from > 0, key, "from must be above 0 on a log scale, got " + plain(from));
            require(
                    !whole || isInt(from) && isInt(to),
                    key,
                    "from and to must be whole numbers, got %s and %s".formatted(plain(from), plain(to)));
        }

        private static boolean isInt(double value) {
            return value == (int) value;
        }

        @Override
        public ParameterSpace<?> leaf() {
            if (log) {
                return new ContinuousParameterSpace(new LogUniformDistribution(from, to));
            }
            return whole ? new IntegerParameterSpace((int) from, (int) to) : new ContinuousParameterSpace(from, to);
        }

        @Override
        public String text(Object ofLeaf) {
            double value = ((Number) ofLeaf).doubleValue();
            double rounded = whole ? Math.rint(value) : new BigDecimal(value, DIGITS).doubleValue();
            return plain(Math.max(from, Math.min(to, rounded)));
        }

        @Override
        public double position(String text) {
            double value = Double.parseDouble(text);
            return log ? Math.log(value / from) / Math.log(to / from) : (value - from) / (to - from);
        }

        @Override
        public List<String> probes() {
            return List.of(plain(from), plain(to));
        }

        @Override
        public String description() {
            return "%s to %s%s%s".formatted(plain(from), plain(to), log ? ", log" : "", whole ? ", whole" : "");
        }

        /** Without a tail of zeros, and without {@code E} where YAML would take it for a text. */
        static String plain(double value) {
            return value == Math.rint(value) && Math.abs(value) < 1e15
                    ? Long.toString((long) value)
                    : Double.toString(value).replace("E", "e");
        }
    }

    /**
     * One of several values.
     *
     * @param key dotted name
     * @param values as YAML, two or more, each different
     */
    record Choice(String key, List<String> values) implements Dimension {
        /** Checks that there is something to choose. */
        public Choice {
            require(values.size() >= 2, key, "values must be two or more");
            require(values.stream().distinct().count() == values.size(), key, "values holds one of them twice");
            values = List.copyOf(values);
        }

        @Override
        public ParameterSpace<?> leaf() {
            return new DiscreteParameterSpace<>(values);
        }

        @Override
        public String text(Object ofLeaf) {
            return (String) ofLeaf;
        }

        @Override
        public double position(String text) {
            return (double) values.indexOf(text) / (values.size() - 1);
        }

        @Override
        public List<String> probes() {
            return values;
        }

        @Override
        public String description() {
            return String.join(", ", values);
        }
    }

    private static void require(boolean holds, String key, String what) {
        if (!holds) {
            throw new IllegalArgumentException("space.%s: %s".formatted(key, what));
        }
    }
}
