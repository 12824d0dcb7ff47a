package io.dino4j.train.eval.dense;

import io.dino4j.data.Seed;
import io.dino4j.train.eval.report.Figure;
import io.dino4j.train.eval.report.Interval;
import io.dino4j.train.eval.report.Metric;
import io.dino4j.train.eval.report.Metric.Scale;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Counts of pixels over images. The intersection over union of a class, {@code TP / (TP + FP + FN)}, is taken over the pixels of all images
 * together, as the field does. A class that is neither in a mask nor in a prediction has none, and does not count in the mean.
 */
final class SegmentationScores {
    private final List<String> classes;
    private final long[][] confusion;
    private final List<long[][]> images = new ArrayList<>(); // of each: right, true, predicted pixels by class

    SegmentationScores(List<String> classes) {
        this.classes = List.copyOf(classes);
        confusion = new long[classes.size()][classes.size()];
    }

    /**
     * Adds an image.
     *
     * @param truth class of each pixel, below 0 where it does not count
     * @param predicted class of each pixel
     */
    void add(int[] truth, int[] predicted) {
        long[][] counts = new long[3][classes.size()];
        for (int p = 0; p < truth.length; p++) {
            if (truth[p] < 0) {
                continue;
            }
            confusion[truth[p]][predicted[p]]++;
            counts[1][truth[p]]++;
            counts[2][predicted[p]]++;
            counts[0][truth[p]] += truth[p] == predicted[p] ? 1 : 0;
        }
        images.add(counts);
    }

    private long[][] sum(int[] chosen) {
        long[][] sum = new long[3][classes.size()];
        for (int i : chosen) {
            for (int row = 0; row < 3; row++) {
                for (int c = 0; c < classes.size(); c++) {
                    sum[row][c] += images.get(i)[row][c];
                }
            }
        }
        return sum;
    }

    private long[][] all() {
        return sum(IntStream.range(0, images.size()).toArray());
    }

    /** Not a number for a class that is nowhere. */
    private static double iou(long[][] counts, int c) {
        long union = counts[1][c] + counts[2][c] - counts[0][c];
        return union == 0 ? Double.NaN : (double) counts[0][c] / union;
    }

    private static double meanIou(long[][] counts) {
        return IntStream.range(0, counts[0].length)
                .mapToDouble(c -> iou(counts, c))
                .filter(v -> !Double.isNaN(v))
                .average()
                .orElse(Double.NaN);
    }

    private static double pixelAccuracy(long[][] counts) {
        long all = IntStream.range(0, counts[1].length)
                .mapToLong(c -> counts[1][c])
                .sum();
        long right = IntStream.range(0, counts[0].length)
                .mapToLong(c -> counts[0][c])
                .sum();
        return all == 0 ? Double.NaN : (double) right / all;
    }

    /** The mean over classes that are in a mask of the share of their pixels that is found. */
    private static double classAccuracy(long[][] counts) {
        return IntStream.range(0, counts[1].length)
                .filter(c -> counts[1][c] > 0)
                .mapToDouble(c -> (double) counts[0][c] / counts[1][c])
                .average()
                .orElse(Double.NaN);
    }

    /**
     * Mean intersection over union, share of right pixels, mean over classes of that share; intervals by resampling images.
     *
     * @throws IllegalArgumentException if no pixel counts
     */
    List<Metric> metrics() {
        return List.of(
                metric("mIoU", SegmentationScores::meanIou),
                metric("pixel accuracy", SegmentationScores::pixelAccuracy),
                metric("mean class accuracy", SegmentationScores::classAccuracy));
    }

    private Metric metric(String name, ToDoubleFunction<long[][]> of) {
        double value = of.applyAsDouble(all());
        if (Double.isNaN(value)) {
            throw new IllegalArgumentException(
                    "%s cannot be computed: no pixel of the %d masks has a class".formatted(name, images.size()));
        }
        Interval interval = Interval.bootstrap(images.size(), new Seed(0), s -> of.applyAsDouble(sum(s)));
        return Metric.of(name, value, interval, Scale.SHARE);
    }

    /** Classes that are nowhere. */
    List<String> absent() {
        long[][] counts = all();
        return IntStream.range(0, classes.size())
                .filter(c -> Double.isNaN(iou(counts, c)))
                .mapToObj(classes::get)
                .toList();
    }

    /** Intersection over union by class, and which classes are taken for which. */
    List<Figure> figures() {
        long[][] counts = all();
        int[] present = IntStream.range(0, classes.size())
                .filter(c -> !Double.isNaN(iou(counts, c)))
                .toArray();
        return List.of(
                new Figure.Bars(
                        "IoU by class",
                        IntStream.of(present).mapToObj(classes::get).toList(),
                        IntStream.of(present).mapToDouble(c -> iou(counts, c)).toArray()),
                new Figure.Matrix("Confusion of pixels", "true class", "predicted class", classes, confusion));
    }
}
