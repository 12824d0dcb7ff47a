package io.dino4j.train.eval.classify;

import io.dino4j.data.Progress;
import io.dino4j.data.Seed;
import io.dino4j.train.eval.KnnClassifier;
import io.dino4j.train.eval.feature.FeatureCache;
import io.dino4j.train.eval.feature.FeatureCache.Columns;
import io.dino4j.train.eval.feature.ImageFeatures;
import io.dino4j.train.eval.feature.NetworkSubject;
import io.dino4j.train.eval.feature.Subject;
import io.dino4j.zoo.FeatureKind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The features of a split.
 *
 * @param classes names, in label order
 * @param train {@code [N, D]} FLOAT
 * @param trainLabels {@code [N]}
 * @param test {@code [M, D]} FLOAT
 * @param testLabels {@code [M]}
 */
record LabelledFeatures(List<String> classes, INDArray train, int[] trainLabels, INDArray test, int[] testLabels) {
    /** Blocks whose cls tokens the widest linear heads take (official {@code eval/linear.py}). */
    private static final int WIDEST = 4;

    /** Features for linear heads: of so many of the last blocks, fewer if a network has no more. */
    static int widest(Subject subject) {
        return subject instanceof NetworkSubject n ? Math.min(WIDEST, n.depth()) : WIDEST;
    }

    /** The cls tokens of the last block. */
    static LabelledFeatures cls(Subject subject, LabelledSplit split, FeatureCache cache, Progress progress)
            throws IOException {
        Columns train = cache.cls(subject, split.train(), widest(subject), progress);
        Columns test = cache.cls(subject, split.test(), widest(subject), progress);
        return of(subject, split, train, test);
    }

    /** Features of a kind. */
    static LabelledFeatures of(
            Subject subject, LabelledSplit split, FeatureKind kind, FeatureCache cache, Progress progress)
            throws IOException {
        return of(
                subject,
                split,
                all(cache.features(subject, split.train(), kind, progress)),
                all(cache.features(subject, split.test(), kind, progress)));
    }

    private static Columns all(ImageFeatures features) {
        return new Columns(features, 0, features.dimension());
    }

    private static LabelledFeatures of(Subject subject, LabelledSplit split, Columns train, Columns test) {
        INDArray known = train.features().matrix(train.from(), train.to());
        INDArray asked = test.features().matrix(test.from(), test.to());
        if (subject.needsCentering()) {
            INDArray mean = known.mean(0);
            known.subiRowVector(mean);
            asked.subiRowVector(mean);
        }
        return new LabelledFeatures(
                split.classes(),
                known,
                train.features().labels(),
                asked,
                test.features().labels());
    }

    /**
     * So many training images of each class.
     *
     * @param perClass 1 or more
     * @param seed which
     * @throws IllegalArgumentException if a class has fewer
     */
    LabelledFeatures few(int perClass, Seed seed) {
        return pick(few(trainLabels, classes, perClass, seed));
    }

    /** The same with these training images alone. */
    LabelledFeatures pick(int[] rows) {
        int[] labels = IntStream.of(rows).map(r -> trainLabels[r]).toArray();
        return new LabelledFeatures(classes, Nd4j.pullRows(train, 1, rows), labels, test, testLabels);
    }

    /** The same, each feature scaled to unit length. */
    LabelledFeatures unit() {
        return new LabelledFeatures(
                classes, KnnClassifier.unitRows(train), trainLabels, KnnClassifier.unitRows(test), testLabels);
    }

    static int[] few(int[] labels, List<String> classes, int perClass, Seed seed) {
        List<Integer> chosen = new ArrayList<>();
        for (int c = 0; c < classes.size(); c++) {
            int of = c;
            int[] mine = IntStream.range(0, labels.length)
                    .filter(i -> labels[i] == of)
                    .toArray();
            if (mine.length < perClass) {
                throw new IllegalArgumentException("%d images of each class are wanted, but of '%s' there are %d"
                        .formatted(perClass, classes.get(c), mine.length));
            }
            shuffle(mine, seed.at(0, c));
            IntStream.of(mine).limit(perClass).forEach(chosen::add);
        }
        return chosen.stream().mapToInt(Integer::intValue).sorted().toArray();
    }

    static void shuffle(int[] numbers, RandomGenerator random) {
        for (int i = numbers.length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int kept = numbers[i];
            numbers[i] = numbers[j];
            numbers[j] = kept;
        }
    }

    /** What was evaluated on, for reports. */
    Map<String, String> data() {
        Map<String, String> data = new LinkedHashMap<>();
        data.put("classes", Integer.toString(classes.size()));
        data.put("images to learn from", Long.toString(train.size(0)));
        data.put("images classified", Long.toString(test.size(0)));
        return data;
    }
}
