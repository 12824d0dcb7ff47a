package io.dino4j.train.eval.dense;

import io.dino4j.data.Seed;
import io.dino4j.train.eval.report.Interval;
import io.dino4j.train.eval.report.Metric;
import io.dino4j.train.eval.report.Metric.Scale;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Errors of depth over the pixels of known depth of each image, then the mean over images, as the official evaluation does (Eigen et al. 2014,
 * section 4.3). An image without such a pixel does not count.
 */
final class DepthScores {
    private static final double DELTA = 1.25;

    /** Places in the row of an image. */
    private static final String[] NAMES = {"RMSE (m)", "abs rel", "delta < 1.25", "delta < 1.25^2", "delta < 1.25^3"};

    private static final int ERRORS = 2;

    private final List<double[]> images = new ArrayList<>();
    private int unknown;

    /**
     * Adds an image.
     *
     * @param truth of each pixel in metres, not a number where it is not known
     * @param predicted of each pixel in metres, above 0
     */
    void add(float[] truth, float[] predicted) {
        double[] sums = new double[NAMES.length];
        int n = 0;
        for (int p = 0; p < truth.length; p++) {
            if (Float.isNaN(truth[p])) {
                continue;
            }
            n++;
            double difference = (double) predicted[p] - truth[p];
            double ratio = Math.max((double) predicted[p] / truth[p], (double) truth[p] / predicted[p]);
            sums[0] += difference * difference;
            sums[1] += Math.abs(difference) / truth[p];
            for (int power = 1; power <= 3; power++) {
                sums[power + 1] += ratio < Math.pow(DELTA, power) ? 1 : 0;
            }
        }
        if (n == 0) {
            unknown++;
            return;
        }
        int count = n;
        double[] means = Arrays.stream(sums).map(s -> s / count).toArray();
        means[0] = Math.sqrt(means[0]);
        images.add(means);
    }

    /** Images that do not count. */
    int unknown() {
        return unknown;
    }

    /**
     * The errors; intervals by resampling images.
     *
     * @throws IllegalArgumentException if no image has a pixel of known depth
     */
    List<Metric> metrics() {
        if (images.isEmpty()) {
            throw new IllegalArgumentException(
                    "errors of depth cannot be computed: no pixel of the %d images has a known depth"
                            .formatted(unknown));
        }
        List<Metric> metrics = new ArrayList<>();
        int[] all = IntStream.range(0, images.size()).toArray();
        for (int m = 0; m < NAMES.length; m++) {
            int of = m;
            Interval interval = Interval.bootstrap(images.size(), new Seed(0), s -> mean(of, s));
            metrics.add(Metric.of(NAMES[m], mean(m, all), interval, m < ERRORS ? Scale.ERROR : Scale.SHARE));
        }
        return metrics;
    }

    private double mean(int metric, int[] chosen) {
        return Arrays.stream(chosen)
                .mapToDouble(i -> images.get(i)[metric])
                .average()
                .orElseThrow();
    }
}
