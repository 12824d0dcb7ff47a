package io.dino4j.train;

import io.dino4j.data.Progress;
import io.dino4j.data.crop.EvalBatch;
import io.dino4j.data.crop.EvalBatches;
import io.dino4j.data.image.EvalTransform;
import io.dino4j.data.image.Normalization;
import io.dino4j.data.source.ImageSource;
import io.dino4j.graph.Precision;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.train.eval.KnnClassifier;
import io.dino4j.train.eval.PixelBaseline;
import io.dino4j.train.eval.classify.LabelledSplit;
import io.dino4j.zoo.FeatureExtractor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * How good features are: weighted k-NN (official {@code eval/knn.py}) of held-out images among labelled ones, without augmentation.
 *
 * @param train labelled images to look among
 * @param test labelled images to classify, of the same classes
 * @param transform from image to network
 * @param threads that decode
 */
public record KnnProbe(ImageSource train, ImageSource test, EvalTransform transform, int threads) {
    /** Numbers of neighbours (RECIPE: 20 is usually best). */
    public static final int[] NEIGHBOURS = {10, 20};

    private static final int BATCH = 64;

    /** Larger images are compared at this size: their pixels say no more about the class, and would fill the memory. */
    private static final int PIXEL_SIDE = 64;

    /** Checks that both sets have the same classes, and leaves out images that lie outside the class folders. */
    public KnnProbe {
        LabelledSplit split = new LabelledSplit(train, test);
        train = split.train();
        test = split.test();
    }

    /** The same images, brought to the network in another way. */
    KnnProbe at(EvalTransform other) {
        return new KnnProbe(train, test, other, threads);
    }

    /** Number of images. */
    int size() {
        return train.size() + test.size();
    }

    /** Bytes that {@link #accuracy} needs for a backbone: its intermediate arrays, a few batches of images, and the features. */
    static long bytes(VitConfig backbone, Precision precision, KnnProbe probe) {
        int size = probe.transform().crop();
        long images = 3L * size * size * BATCH;
        long features = (long) backbone.embedDim()
                * (probe.train().size() + probe.test().size());
        return FeatureExtractor.bytes(backbone, precision, BATCH, size) + (4 * images + features) * Float.BYTES;
    }

    /**
     * Accuracy of a backbone's cls tokens.
     *
     * @return accuracy, 0 to 1, by number of neighbours
     */
    public Map<Integer, Double> accuracy(FeatureExtractor backbone, Progress progress) {
        return accuracy(backbone::cls, progress);
    }

    private Map<Integer, Double> accuracy(UnaryOperator<INDArray> features, Progress progress) {
        progress.begin("k-NN", 0, (long) train.size() + test.size());
        Labelled bank = features(train, transform, features, progress, 0);
        Labelled queries = features(test, transform, features, progress, train.size());
        progress.end();
        KnnClassifier knn =
                new KnnClassifier(bank.features, bank.labels, train.classes().size());
        return knn.accuracy(queries.features, queries.labels, NEIGHBOURS);
    }

    /** Accuracy of the pixels themselves, the mean image removed: what any network has to beat. */
    public Map<Integer, Double> pixelAccuracy(Progress progress) {
        progress.begin("raw pixels", 0, (long) train.size() + test.size());
        int side = Math.min(transform.crop(), PIXEL_SIDE);
        EvalTransform plain = new EvalTransform(side, side, new Normalization(new float[3], new float[] {1, 1, 1}));
        UnaryOperator<INDArray> flat = images ->
                images.reshape(images.size(0), images.length() / images.size(0)).dup('c');
        Labelled bank = features(train, plain, flat, progress, 0);
        Labelled queries = features(test, plain, flat, progress, train.size());
        progress.end();
        return PixelBaseline.accuracy(
                bank.features,
                bank.labels,
                queries.features,
                queries.labels,
                train.classes().size(),
                NEIGHBOURS);
    }

    private record Labelled(INDArray features, int[] labels) {}

    private Labelled features(
            ImageSource source,
            EvalTransform transform,
            UnaryOperator<INDArray> network,
            Progress progress,
            long before) {
        List<INDArray> rows = new ArrayList<>();
        int[] labels = new int[source.size()];
        int n = 0;
        try (EvalBatches batches = new EvalBatches(source, transform, BATCH, threads, progress::say)) {
            while (batches.hasNext()) {
                EvalBatch batch = batches.next();
                rows.add(network.apply(batch.images()));
                System.arraycopy(batch.labels(), 0, labels, n, batch.count());
                n += batch.count();
                progress.advance(before + n, Map.of());
            }
        }
        if (rows.isEmpty()) {
            throw new TrainingException("none of the %d images for k-NN can be read".formatted(source.size()));
        }
        return new Labelled(Nd4j.concat(0, rows.toArray(INDArray[]::new)), Arrays.copyOf(labels, n));
    }
}
