package io.dino4j.train.eval.classify;

import io.dino4j.data.Seed;
import io.dino4j.train.eval.report.Figure;
import io.dino4j.train.eval.report.Interval;
import io.dino4j.train.eval.report.Metric;
import io.dino4j.train.eval.report.Metric.Scale;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What a classifier says of test images, against the truth.
 *
 * @param classes names, in label order
 * @param labels {@code [M]} the truth
 * @param top1 {@code [M]} the class with the largest score
 * @param scores {@code [M, classes]}, comparable between images and classes
 */
record ClassScores(List<String> classes, int[] labels, int[] top1, float[][] scores) {
    /** Beyond this, confusion of classes says more than can be looked at. */
    private static final int MOST_CLASSES = 1000;

    private static final int CURVE_POINTS = 200;

    ClassScores {
        if (labels.length == 0 || labels.length != top1.length || labels.length != scores.length) {
            throw new IllegalArgumentException("%d labels, %d classes and %d scores do not make an accuracy"
                    .formatted(labels.length, top1.length, scores.length));
        }
    }

    /** Of scores, whose largest says the class; the first of equals. */
    static ClassScores of(List<String> classes, int[] labels, float[][] scores) {
        int[] top1 = new int[scores.length];
        for (int i = 0; i < top1.length; i++) {
            for (int c = 1; c < scores[i].length; c++) {
                top1[i] = scores[i][c] > scores[i][top1[i]] ? c : top1[i];
            }
        }
        return new ClassScores(classes, labels, top1, scores);
    }

    /** Images that are classified right. */
    long right() {
        return IntStream.range(0, labels.length)
                .filter(i -> labels[i] == top1[i])
                .count();
    }

    double accuracy() {
        return (double) right() / labels.length;
    }

    /** Share of images that are classified right. */
    Metric top1(String name) {
        return Metric.ofShare(name, right(), labels.length);
    }

    /**
     * The mean over classes of the share of their images that are classified right, which counts a class of few images as much as one of
     * many. Classes without a test image do not count.
     */
    Metric meanPerClass() {
        double value = meanPerClass(IntStream.range(0, labels.length).toArray());
        Interval interval = Interval.bootstrap(labels.length, new Seed(0), this::meanPerClass);
        return Metric.of("mean per class", value, interval, Scale.SHARE);
    }

    private double meanPerClass(int[] images) {
        int[] count = new int[classes.size()];
        int[] right = new int[classes.size()];
        for (int i : images) {
            count[labels[i]]++;
            right[labels[i]] += labels[i] == top1[i] ? 1 : 0;
        }
        return IntStream.range(0, count.length)
                .filter(c -> count[c] > 0)
                .mapToDouble(c -> (double) right[c] / count[c])
                .average()
                .orElse(Double.NaN);
    }

    /** Counts of true (rows) and predicted (columns) classes. */
    long[][] confusion() {
        long[][] counts = new long[classes.size()][classes.size()];
        for (int i = 0; i < labels.length; i++) {
            counts[labels[i]][top1[i]]++;
        }
        return counts;
    }

    /** Confusion of classes, accuracy by class, and the curve of precision over recall. */
    List<Figure> figures() {
        if (classes.size() > MOST_CLASSES) {
            return List.of(byClass(), precisionRecall());
        }
        return List.of(
                byClass(),
                precisionRecall(),
                new Figure.Matrix("Confusion", "true class", "predicted class", classes, confusion()));
    }

    private Figure byClass() {
        long[][] counts = confusion();
        int[] present = IntStream.range(0, counts.length)
                .filter(c -> Arrays.stream(counts[c]).sum() > 0)
                .toArray();
        return new Figure.Bars(
                "Accuracy by class",
                IntStream.of(present).mapToObj(classes::get).toList(),
                IntStream.of(present)
                        .mapToDouble(c ->
                                (double) counts[c][c] / Arrays.stream(counts[c]).sum())
                        .toArray());
    }

    /**
     * Every pair of an image and a class is a claim; those with a score of at least a threshold are made. Precision is the share of true ones
     * among them, recall the share of the images whose class is claimed (micro average). The threshold falls along the curve.
     */
    Figure.Curve precisionRecall() {
        int n = labels.length;
        int k = classes.size();
        Integer[] order = IntStream.range(0, n * k).boxed().toArray(Integer[]::new);
        Arrays.sort(order, Comparator.comparing(p -> -scores[p / k][p % k]));
        double[] recall = new double[n];
        double[] precision = new double[n];
        int points = 0;
        int found = 0;
        for (int at = 0; at < order.length; at++) {
            int image = order[at] / k;
            if (labels[image] != order[at] % k) {
                continue;
            }
            found++;
            boolean due = points == 0 || found * (long) CURVE_POINTS / n > (found - 1) * (long) CURVE_POINTS / n;
            if (due || found == n) {
                recall[points] = (double) found / n;
                precision[points++] = (double) found / (at + 1);
            }
        }
        return new Figure.Curve(
                "Precision over recall",
                "recall",
                "precision",
                Arrays.copyOf(recall, points),
                Arrays.copyOf(precision, points));
    }
}
