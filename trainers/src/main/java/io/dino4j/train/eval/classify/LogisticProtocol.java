package io.dino4j.train.eval.classify;

import io.dino4j.data.Progress;
import io.dino4j.data.Seed;
import io.dino4j.train.eval.Protocol;
import io.dino4j.train.eval.classify.LogisticRegression.Options;
import io.dino4j.train.eval.feature.FeatureCache;
import io.dino4j.train.eval.feature.Subject;
import io.dino4j.train.eval.report.Evaluation;
import io.dino4j.train.eval.report.Figure;
import io.dino4j.train.eval.report.Metric;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Logistic regression on cls tokens (official {@code eval/log_regression.py}): C out of {@code 10^linspace(-6, 5, 45)} by the accuracy on a
 * tenth of the training images after a fit to the others; then one fit to all of them. The images that are reported on choose nothing.
 *
 * @param split to learn from, and to classify
 * @param seed which tenth
 */
public record LogisticProtocol(LabelledSplit split, long seed) implements Protocol {
    private static final int GRID = 45;
    /** For choosing: each fit begins at that of the C before, so that few steps do. */
    private static final int SWEEP_ITERATIONS = 200;

    private static final double SWEEP_TOLERANCE = 1e-4;

    private static final double LEAST = -6;
    private static final double MOST = 5;

    @Override
    public String name() {
        return "logistic regression";
    }

    /** The strengths that are tried. */
    static double[] grid() {
        return IntStream.range(0, GRID)
                .mapToDouble(i -> Math.pow(10, LEAST + (MOST - LEAST) * i / (GRID - 1)))
                .toArray();
    }

    @Override
    public Evaluation evaluate(Subject subject, FeatureCache cache, Progress progress) throws IOException {
        LabelledFeatures all = LabelledFeatures.cls(subject, split, cache, progress);
        int[] order = IntStream.range(0, all.trainLabels().length).toArray();
        LabelledFeatures.shuffle(
                order, new Seed(seed).derive("logistic regression").at(0, 0));
        int held = order.length / 10;
        if (held == 0) {
            throw new IllegalArgumentException(
                    "%d images to learn from are too few: C is chosen on a tenth of them".formatted(order.length));
        }
        LabelledFeatures choosing = all.pick(Arrays.copyOf(order, held));
        LabelledFeatures learning = all.pick(Arrays.copyOfRange(order, held, order.length));
        double[] grid = grid();
        double[] accuracy = new double[GRID];
        int best = 0;
        double[] bestStart = {};
        double[] start = new double
                [LogisticObjective.parameters(
                        (int) all.train().size(1), all.classes().size(), true)];
        progress.begin("logistic regression, " + subject.title(), 0, GRID + 1);
        for (int i = 0; i < GRID; i++) {
            LogisticRegression fit =
                    fit(learning, new Options(grid[i], true, SWEEP_ITERATIONS, SWEEP_TOLERANCE), start);
            start = fit.weights();
            accuracy[i] =
                    scores(all.classes(), choosing.trainLabels(), fit, choosing).accuracy();
            if (i == 0 || accuracy[i] > accuracy[best]) {
                best = i;
                bestStart = start;
            }
            progress.advance(i + 1, Map.of());
        }
        LogisticRegression last = fit(all, Options.of(grid[best]), bestStart);
        progress.end();
        ClassScores scores = ClassScores.of(all.classes(), all.testLabels(), floats(last.probabilities(all.test())));
        List<Metric> metrics = List.of(scores.top1("top-1"), scores.meanPerClass());
        List<Figure> figures = new ArrayList<>();
        figures.add(new Figure.Curve("Accuracy on the held-out tenth over C", "C", "accuracy", grid, accuracy));
        figures.addAll(scores.figures());
        return new Evaluation(
                name(),
                subject.title(),
                subject.fingerprint(),
                all.data(),
                settings(grid[best], held),
                metrics,
                figures);
    }

    private static LogisticRegression fit(LabelledFeatures features, Options options, double[] start) {
        return LogisticRegression.fit(
                features.train(), features.trainLabels(), features.classes().size(), options, start);
    }

    private static ClassScores scores(
            List<String> classes, int[] labels, LogisticRegression fit, LabelledFeatures features) {
        return ClassScores.of(classes, labels, floats(fit.probabilities(features.train())));
    }

    static float[][] floats(double[][] rows) {
        float[][] floats = new float[rows.length][];
        for (int r = 0; r < rows.length; r++) {
            floats[r] = new float[rows[r].length];
            for (int k = 0; k < floats[r].length; k++) {
                floats[r][k] = (float) rows[r][k];
            }
        }
        return floats;
    }

    private Map<String, String> settings(double c, int held) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("features", "cls token of the last block, as it is");
        settings.put("C", "%.4g".formatted(c));
        settings.put("C is chosen on", "%d training images, which the last fit learns from too".formatted(held));
        settings.put("seed", Long.toString(seed));
        return settings;
    }
}
