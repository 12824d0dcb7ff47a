package io.dino4j.train.eval.classify;

import io.dino4j.data.Progress;
import io.dino4j.data.Seed;
import io.dino4j.train.eval.KnnClassifier;
import io.dino4j.train.eval.KnnClassifier.Scores;
import io.dino4j.train.eval.Protocol;
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
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Weighted nearest neighbours of cls tokens (official {@code eval/knn.py}): nothing is trained. The k to quote is {@value #USUAL}, which
 * is not chosen by its result.
 *
 * @param split to look among, and to classify
 * @param perClass look among so many images of each class only; empty for all
 * @param seed which
 */
public record KnnProtocol(LabelledSplit split, OptionalInt perClass, long seed) implements Protocol {
    /** The k that is usually best (RECIPE 1.11). */
    public static final int USUAL = 20;

    /** The first are always asked for; the others where there are so many images to look among. */
    private static final int[] KS = {10, USUAL, 100, 200};

    /** Looks among all training images. */
    public KnnProtocol(LabelledSplit split) {
        this(split, OptionalInt.empty(), 0);
    }

    @Override
    public String name() {
        return "k-NN";
    }

    /** The numbers of neighbours that make sense. */
    static int[] ks(long images) {
        return IntStream.of(KS).filter(k -> k <= USUAL || k <= images).toArray();
    }

    /** Name of a metric. */
    public static String metric(int k) {
        return "k = " + k;
    }

    @Override
    public Evaluation evaluate(Subject subject, FeatureCache cache, Progress progress) throws IOException {
        LabelledFeatures all = LabelledFeatures.cls(subject, split, cache, progress);
        LabelledFeatures some = perClass.isPresent() ? all.few(perClass.getAsInt(), new Seed(seed)) : all;
        int[] ks = ks(some.train().size(0));
        KnnClassifier knn = new KnnClassifier(
                some.train(), some.trainLabels(), some.classes().size());
        Map<Integer, ClassScores> byK = new TreeMap<>();
        Map<Integer, Scores> scores = knn.classify(some.test(), ks);
        scores.forEach(
                (k, s) -> byK.put(k, new ClassScores(some.classes(), some.testLabels(), s.top1(), s.probabilities())));
        List<Metric> metrics = new ArrayList<>(List.of(byK.get(USUAL).top1(metric(USUAL))));
        IntStream.of(ks)
                .filter(k -> k != USUAL)
                .forEach(k -> metrics.add(byK.get(k).top1(metric(k))));
        metrics.add(byK.get(USUAL).meanPerClass());
        List<Figure> figures = new ArrayList<>();
        figures.add(new Figure.Curve(
                "Accuracy over k",
                "k",
                "accuracy",
                Arrays.stream(ks).asDoubleStream().toArray(),
                IntStream.of(ks).mapToDouble(k -> byK.get(k).accuracy()).toArray()));
        figures.addAll(byK.get(USUAL).figures());
        return new Evaluation(
                name(), subject.title(), subject.fingerprint(), some.data(), settings(), metrics, figures);
    }

    private Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("features", "cls token of the last block");
        settings.put("temperature", Double.toString(KnnClassifier.TEMPERATURE));
        settings.put("confusion, precision and recall", metric(USUAL));
        perClass.ifPresent(n -> {
            settings.put("images of each class", Integer.toString(n));
            settings.put("seed", Long.toString(seed));
        });
        return settings;
    }
}
