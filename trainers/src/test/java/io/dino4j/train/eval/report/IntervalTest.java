package io.dino4j.train.eval.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Seed;
import io.dino4j.train.eval.report.Metric.Scale;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

final class IntervalTest {
    /** Worked out from Wilson's formula with z = 1.959964. */
    @Test
    void shares() {
        assertInterval(0.490162, 0.943318, Interval.ofShare(8, 10));
        assertInterval(0, 0.277532, Interval.ofShare(0, 10));
        assertInterval(0.722468, 1, Interval.ofShare(10, 10));
        assertThrows(IllegalArgumentException.class, () -> Interval.ofShare(0, 0));
        assertThrows(IllegalArgumentException.class, () -> Interval.ofShare(3, 2));
    }

    /** 2 plus and minus 4.302653 (t of 2 degrees of freedom) times the square root of a third. */
    @Test
    void means() {
        assertInterval(2 - 2.484138, 2 + 2.484138, Interval.ofMean(new double[] {1, 2, 3}));
        assertThrows(IllegalArgumentException.class, () -> Interval.ofMean(new double[] {1}));
    }

    @Test
    void bootstrapOfAMeanIsThatOfTheNormalDistribution() {
        ToDoubleFunction<int[]> half = sample ->
                Arrays.stream(sample).mapToDouble(i -> i % 2).average().orElseThrow();
        Interval interval = Interval.bootstrap(1000, new Seed(3), half);
        double expected = 1.96 * Math.sqrt(0.25 / 1000);
        assertEquals(0.5 - expected, interval.low(), 0.005);
        assertEquals(0.5 + expected, interval.high(), 0.005);
        assertEquals(interval, Interval.bootstrap(1000, new Seed(3), half), "a seed fixes it");
        assertEquals(new Interval(7, 7), Interval.bootstrap(5, new Seed(0), sample -> 7));
    }

    @Test
    void bootstrapWithoutResultsIsAnError() {
        assertThrows(IllegalArgumentException.class, () -> Interval.bootstrap(5, new Seed(0), sample -> Double.NaN));
    }

    @Test
    void whatCannotBeComputedIsNoMetric() {
        for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThrows(IllegalArgumentException.class, () -> new Metric("mAP", bad, Optional.empty(), Scale.SCORE));
        }
        assertThrows(IllegalArgumentException.class, () -> new Metric("top-1", 1.5, Optional.empty(), Scale.SHARE));
        assertThrows(IllegalArgumentException.class, () -> Metric.ofShare("top-1", 0, 0));
    }

    @Test
    void metricsAreWrittenForPeople() {
        assertEquals("80.0% (49.0-94.3)", Metric.ofShare("top-1", 8, 10).text());
        Metric error = Metric.of("RMSE", 0.4567, new Interval(0.4, 0.5), Scale.ERROR);
        assertEquals("0.457 (0.400-0.500)", error.text());
        assertTrue(!Scale.ERROR.higherIsBetter() && Scale.SHARE.higherIsBetter());
    }

    private static void assertInterval(double low, double high, Interval interval) {
        assertEquals(low, interval.low(), 1e-6);
        assertEquals(high, interval.high(), 1e-6);
    }
}
