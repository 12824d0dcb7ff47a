package io.dino4j.train.eval.classify;

import io.dino4j.data.Progress;
import io.dino4j.data.Seed;
import io.dino4j.train.eval.Protocol;
import io.dino4j.train.eval.classify.LinearProbe.Rows;
import io.dino4j.train.eval.classify.LinearProbe.Trained;
import io.dino4j.train.eval.feature.FeatureCache;
import io.dino4j.train.eval.feature.ImageFeatures;
import io.dino4j.train.eval.feature.Subject;
import io.dino4j.train.eval.report.Evaluation;
import io.dino4j.train.eval.report.Figure;
import io.dino4j.train.eval.report.Metric;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Linear heads on frozen features (official {@code eval/linear.py}): 13 learning rates, each on the last block or the last 4, without and with
 * the mean of the patch tokens, all trained together; the best is reported. Images are not augmented, as their features are worked out once.
 *
 * @param split to learn from, and to classify
 * @param batch images in a step
 * @param steps in all
 * @param heldOut share of the training images that the best head is chosen on, which are not learned from; 0 to choose, as the official code
 *     does, on the images that are reported on, which flatters
 * @param seed of weights, of the order of images, and of what is held out
 */
public record LinearProtocol(LabelledSplit split, int batch, int steps, double heldOut, long seed) implements Protocol {
    /** Images in a step (official, on one processor). */
    public static final int USUAL_BATCH = 128;

    /** Steps (official: 10 epochs of 1250). */
    public static final int USUAL_STEPS = 12_500;

    /** Of a batch of 256 (official). */
    private static final double[] RATES = {1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1};

    /** Checks the numbers. */
    public LinearProtocol {
        if (batch < 1 || steps < 1) {
            throw new IllegalArgumentException(
                    "batch and steps must be 1 or more, got %d and %d".formatted(batch, steps));
        }
        if (!(heldOut >= 0 && heldOut < 1)) {
            throw new IllegalArgumentException("the share that is held out must be from 0 to below 1, got " + heldOut);
        }
    }

    @Override
    public String name() {
        return "linear";
    }

    @Override
    public Evaluation evaluate(Subject subject, FeatureCache cache, Progress progress) throws IOException {
        ImageFeatures known = cache.features(subject, split.train(), FeatureInput.kind(subject), progress);
        ImageFeatures asked = cache.features(subject, split.test(), FeatureInput.kind(subject), progress);
        float[] mean = subject.needsCentering() ? known.matrix().mean(0).toFloatVector() : new float[0];
        Rows test = Rows.all(asked, mean);
        int[] order = IntStream.range(0, known.size()).toArray();
        LabelledFeatures.shuffle(order, new Seed(seed).derive("held out").at(0, 0));
        int held = (int) Math.round(heldOut * order.length);
        if (heldOut > 0 && (held == 0 || held == order.length)) {
            throw new IllegalArgumentException("%d images to learn from cannot be split with %s of them held out"
                    .formatted(order.length, heldOut));
        }
        Rows learning = new Rows(known, Arrays.copyOfRange(order, held, order.length), mean);
        Rows choosing = held == 0 ? test : new Rows(known, Arrays.copyOf(order, held), mean);
        LinearProbe probe = new LinearProbe(FeatureInput.of(subject, known), RATES, batch, steps, new Seed(seed));
        progress.begin("linear heads, " + subject.title(), 0, steps);
        try (Trained heads = probe.train(learning, split.classes(), progress)) {
            progress.end();
            long[] chosen = heads.right(choosing);
            long[] right = held == 0 ? chosen : heads.right(test);
            return result(subject, heads, chosen, right, test, held, learning);
        }
    }

    private Evaluation result(
            Subject subject, Trained heads, long[] chosen, long[] right, Rows test, int held, Rows learning) {
        int best = best(chosen, 0, heads.size());
        if (chosen[best] == 0) {
            throw new IllegalArgumentException(
                    "%s: no linear head classifies a single image right; are features and labels as they should be?"
                            .formatted(subject.title()));
        }
        int n = test.rows().length;
        List<Metric> metrics = new ArrayList<>();
        metrics.add(Metric.ofShare(held == 0 ? "best head" : "chosen head", right[best], n));
        for (int from = 0; heads.size() > RATES.length && from < heads.size(); from += RATES.length) {
            int mine = best(chosen, from, from + RATES.length);
            metrics.add(Metric.ofShare(heads.input(mine).name(), right[mine], n));
        }
        ClassScores scores = heads.scores(test, best);
        metrics.add(scores.meanPerClass());
        List<Figure> figures = new ArrayList<>();
        figures.add(overRates(heads, right, best, n));
        figures.addAll(scores.figures());
        Map<String, String> data = new LinkedHashMap<>();
        data.put("classes", Integer.toString(split.classes().size()));
        data.put("images to learn from", Integer.toString(learning.rows().length));
        data.put("images classified", Integer.toString(n));
        return new Evaluation(
                name(), subject.title(), subject.fingerprint(), data, settings(heads, best, held), metrics, figures);
    }

    /** The first of the best. */
    private static int best(long[] right, int from, int to) {
        int best = from;
        for (int i = from; i < to; i++) {
            best = right[i] > right[best] ? i : best;
        }
        return best;
    }

    /** Of the best head's input. */
    private static Figure overRates(Trained heads, long[] right, int best, int n) {
        int from = best / RATES.length * RATES.length;
        return new Figure.Curve(
                "Accuracy over learning rate, best input",
                "learning rate of a batch of 256",
                "accuracy",
                RATES,
                IntStream.range(from, from + RATES.length)
                        .mapToDouble(i -> (double) right[i] / n)
                        .toArray());
    }

    private Map<String, String> settings(Trained heads, int best, int held) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("heads", Integer.toString(heads.size()));
        settings.put("best input", heads.input(best).name());
        settings.put("best learning rate", String.format(Locale.ROOT, "%.0e of a batch of 256", heads.rate(best)));
        settings.put(
                "the best is chosen on",
                held == 0
                        ? "the images that are reported on, which flatters (as the official code does)"
                        : "%d training images that were held out".formatted(held));
        settings.put("augmentation", "none");
        settings.put("batch", Integer.toString(batch));
        settings.put("steps", Integer.toString(steps));
        settings.put("seed", Long.toString(seed));
        return settings;
    }
}
