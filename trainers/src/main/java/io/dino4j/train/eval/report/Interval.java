package io.dino4j.train.eval.report;

import io.dino4j.data.Seed;
import java.util.Arrays;
import java.util.function.ToDoubleFunction;
import java.util.random.RandomGenerator;
import org.apache.commons.math3.distribution.TDistribution;
import org.apache.commons.math3.stat.StatUtils;
import org.apache.commons.math3.stat.interval.ConfidenceInterval;
import org.apache.commons.math3.stat.interval.IntervalUtils;

/**
 * Where a number would lie in 95 of 100 repetitions with other test images, or other seeds, drawn like these.
 *
 * @param low its lower end
 * @param high its upper end
 */
public record Interval(double low, double high) {
    private static final double CONFIDENCE = 0.95;

    /** Resamplings of a bootstrap: the ends of the interval then move by little from seed to seed. */
    private static final int RESAMPLES = 1000;

    /** Checks the ends. */
    public Interval {
        if (!(low <= high)) {
            throw new IllegalArgumentException("an interval from %s to %s has no inside".formatted(low, high));
        }
    }

    /**
     * Wilson's interval of a share (Wilson 1927, eq. of section 3): of images that are classified right, for instance.
     *
     * @param successes from 0 to {@code of}
     * @param of number of independent trials, 1 or more
     */
    public static Interval ofShare(long successes, long of) {
        if (of < 1 || successes < 0 || successes > of) {
            throw new IllegalArgumentException("a share of %d in %d has no interval".formatted(successes, of));
        }
        ConfidenceInterval wilson =
                IntervalUtils.getWilsonScoreInterval(Math.toIntExact(of), Math.toIntExact(successes), CONFIDENCE);
        return new Interval(Math.max(0, wilson.getLowerBound()), Math.min(1, wilson.getUpperBound()));
    }

    /**
     * Student's interval of a mean, of the results of several seeds for instance.
     *
     * @param values two or more
     */
    public static Interval ofMean(double[] values) {
        if (values.length < 2) {
            throw new IllegalArgumentException("the spread of a mean needs two values or more, got " + values.length);
        }
        double mean = StatUtils.mean(values);
        double error = Math.sqrt(StatUtils.variance(values) / values.length);
        double t = new TDistribution(null, values.length - 1).inverseCumulativeProbability((1 + CONFIDENCE) / 2);
        return new Interval(mean - t * error, mean + t * error);
    }

    /**
     * The percentile bootstrap over images (Efron 1979): the statistic of many samples of the images, drawn with replacement.
     *
     * @param images their number, 1 or more
     * @param seed fixes the samples
     * @param statistic of the images with these numbers, some of them several times; not a number if a sample has none, which is left out
     * @throws IllegalArgumentException if hardly any sample has one
     */
    public static Interval bootstrap(int images, Seed seed, ToDoubleFunction<int[]> statistic) {
        double[] values = new double[RESAMPLES];
        int count = 0;
        for (int r = 0; r < RESAMPLES; r++) {
            RandomGenerator random = seed.at(0, r);
            int[] sample = random.ints(images, 0, images).toArray();
            double value = statistic.applyAsDouble(sample);
            if (!Double.isNaN(value)) {
                values[count++] = value;
            }
        }
        if (2 * count < RESAMPLES) {
            throw new IllegalArgumentException(
                    "%d images are too few for a confidence interval: most samples of them have no result"
                            .formatted(images));
        }
        values = Arrays.copyOf(values, count);
        double tail = 100 * (1 - CONFIDENCE) / 2;
        return new Interval(StatUtils.percentile(values, tail), StatUtils.percentile(values, 100 - tail));
    }
}
