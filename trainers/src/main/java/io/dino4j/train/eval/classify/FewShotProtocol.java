package io.dino4j.train.eval.classify;

import io.dino4j.data.Progress;
import io.dino4j.data.Seed;
import io.dino4j.train.eval.KnnClassifier;
import io.dino4j.train.eval.Protocol;
import io.dino4j.train.eval.classify.LogisticRegression.Options;
import io.dino4j.train.eval.feature.FeatureCache;
import io.dino4j.train.eval.feature.Subject;
import io.dino4j.train.eval.report.Evaluation;
import io.dino4j.train.eval.report.Figure;
import io.dino4j.train.eval.report.Interval;
import io.dino4j.train.eval.report.Metric;
import io.dino4j.train.eval.report.Metric.Scale;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.commons.math3.stat.StatUtils;

/**
 * Few labelled images of each class: which they are is drawn several times, and all draws are averaged. Nearest neighbours vote with k = 20, or all that
 * there are; logistic regression learns from unit-length features with C = {@value #C}, as there is nothing to choose it on.
 *
 * @param split to draw from, and to classify
 * @param shots numbers of images of each class
 * @param draws how often, 2 or more
 * @param seed of the draws
 */
public record FewShotProtocol(LabelledSplit split, List<Integer> shots, int draws, long seed) implements Protocol {
    /** Numbers of images of each class that papers quote. */
    public static final List<Integer> USUAL_SHOTS = List.of(1, 2, 5, 10);

    private static final double C = 1;

    /** Checks the numbers. */
    public FewShotProtocol {
        shots = List.copyOf(shots);
        if (shots.isEmpty() || shots.stream().anyMatch(s -> s < 1)) {
            throw new IllegalArgumentException("images of each class must be 1 or more, got " + shots);
        }
        if (draws < 2) {
            throw new IllegalArgumentException("the spread needs two draws or more, got " + draws);
        }
    }

    @Override
    public String name() {
        return "few-shot";
    }

    @Override
    public Evaluation evaluate(Subject subject, FeatureCache cache, Progress progress) throws IOException {
        LabelledFeatures all = LabelledFeatures.cls(subject, split, cache, progress);
        LabelledFeatures unit = all.unit();
        List<Metric> regression = new ArrayList<>();
        List<Metric> neighbours = new ArrayList<>();
        Map<String, String> settings = settings();
        progress.begin("few-shot, " + subject.title(), 0, (long) shots.size() * draws);
        for (int s = 0; s < shots.size(); s++) {
            double[] learned = new double[draws];
            double[] voted = new double[draws];
            for (int d = 0; d < draws; d++) {
                LabelledFeatures few = unit.few(shots.get(s), new Seed(seed + d));
                learned[d] = regression(few);
                voted[d] = neighbours(few);
                progress.advance((long) s * draws + d + 1, Map.of());
            }
            add(regression, settings, "logistic regression, " + name(shots.get(s)), learned);
            add(neighbours, settings, "k-NN, " + name(shots.get(s)), voted);
        }
        progress.end();
        List<Figure> figures = List.of(
                curve("Logistic regression over images of each class", regression),
                curve("Nearest neighbours over images of each class", neighbours));
        List<Metric> metrics = new ArrayList<>(regression);
        metrics.addAll(neighbours);
        return new Evaluation(name(), subject.title(), subject.fingerprint(), all.data(), settings, metrics, figures);
    }

    private static String name(int shots) {
        return shots == 1 ? "1 a class" : shots + " a class";
    }

    /** The mean over draws with the interval of its own; the deviation from draw to draw is kept beside it. */
    private static void add(List<Metric> to, Map<String, String> settings, String name, double[] values) {
        Interval mean = Interval.ofMean(values);
        Interval share = new Interval(Math.max(0, mean.low()), Math.min(1, mean.high()));
        to.add(Metric.of(name, StatUtils.mean(values), share, Scale.SHARE));
        settings.put(
                "standard deviation between draws, " + name,
                "%.2f%%".formatted(100 * Math.sqrt(StatUtils.variance(values))));
    }

    private static double regression(LabelledFeatures few) {
        LogisticRegression fit = LogisticRegression.fit(
                few.train(), few.trainLabels(), few.classes().size(), Options.of(C));
        return ClassScores.of(few.classes(), few.testLabels(), LogisticProtocol.floats(fit.probabilities(few.test())))
                .accuracy();
    }

    private static double neighbours(LabelledFeatures few) {
        int all = few.trainLabels().length;
        return new KnnClassifier(few.train(), few.trainLabels(), few.classes().size())
                .accuracy(few.test(), few.testLabels(), Math.min(all, KnnProtocol.USUAL))
                .values()
                .iterator()
                .next();
    }

    private Figure curve(String title, List<Metric> metrics) {
        List<Integer> order = IntStream.range(0, shots.size())
                .boxed()
                .sorted((a, b) -> Integer.compare(shots.get(a), shots.get(b)))
                .toList();
        return new Figure.Curve(
                title,
                "images of each class",
                "accuracy",
                order.stream().mapToDouble(shots::get).toArray(),
                order.stream().mapToDouble(i -> metrics.get(i).value()).toArray());
    }

    private Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("features", "cls token of the last block, of unit length");
        settings.put("images of each class", shots.stream().map(String::valueOf).collect(Collectors.joining(", ")));
        settings.put("draws", Integer.toString(draws));
        settings.put("C of the logistic regression", Double.toString(C));
        settings.put("seed", Long.toString(seed));
        settings.put("intervals", "Student's, of the mean over draws");
        return settings;
    }
}
