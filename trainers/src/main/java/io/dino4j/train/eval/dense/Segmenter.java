package io.dino4j.train.eval.dense;

import io.dino4j.data.Progress;
import io.dino4j.data.image.Image;
import io.dino4j.train.eval.dense.DenseFeatures.Grid;
import io.dino4j.train.eval.dense.DenseFeatures.Truth;
import io.dino4j.train.eval.feature.FeatureCache;
import io.dino4j.train.eval.feature.NetworkSubject;
import io.dino4j.train.eval.feature.Subject;
import io.dino4j.zoo.FeatureKind;
import io.dino4j.zoo.FeatureKind.Pooling;
import java.io.IOException;
import java.util.List;

/** Tells the class of every pixel of images by a linear head on frozen features. It serves one thread. */
public final class Segmenter implements AutoCloseable {
    private final DenseFeatures features;
    private final LinearHead head;
    private final SegmentationVariant variant;
    private final SegmentationClasses classes;

    private Segmenter(
            DenseFeatures features, LinearHead head, SegmentationVariant variant, SegmentationClasses classes) {
        this.features = features;
        this.head = head;
        this.variant = variant;
        this.classes = classes;
    }

    /**
     * Trains a head: by cross-entropy on pixels of the training images, between the features of patches as bilinear interpolation gives them.
     *
     * @param subject closed by its owner, after the segmenter
     * @param data whose training images are learnt from
     * @param cache keeps the training images' features
     * @param progress told of features and steps
     * @throws IllegalArgumentException in one line, if an image or mask is not as it should be
     * @throws IOException if features cannot be kept
     */
    public static Segmenter train(
            Subject subject,
            SegmentationData data,
            SegmentationVariant variant,
            DenseSettings settings,
            FeatureCache cache,
            Progress progress)
            throws IOException {
        int kept = subject instanceof NetworkSubject n
                ? Math.min(SegmentationVariant.MOST_LAYERS, n.depth())
                : SegmentationVariant.MOST_LAYERS;
        DenseFeatures features =
                new DenseFeatures(subject, new FeatureKind(Pooling.PATCHES, kept), variant.layers(), settings);
        try {
            FeaturePoints points = features.points(data.train(), i -> truth(data, i), cache, progress);
            LinearHead head = HeadFit.fit(points, new ClassLoss(data.classes().size()), settings, progress);
            return new Segmenter(features, head, variant, data.classes());
        } catch (IOException | RuntimeException e) {
            features.close();
            throw e;
        }
    }

    private static Truth truth(SegmentationData data, int i) {
        int[] labels = data.mask(data.train(), i);
        float[] values = new float[labels.length];
        for (int p = 0; p < labels.length; p++) {
            values[p] = labels[p] == SegmentationClasses.IGNORED ? Float.NaN : labels[p];
        }
        return new Truth(data.train().header(i).width(), values);
    }

    /**
     * The class of every pixel of an image.
     *
     * @param image any size
     * @return {@code [H * W]}, row by row, classes from 0
     */
    public int[] segment(Image image) {
        List<Grid> grids = variant.ratios().stream()
                .map(ratio -> features.logits(image, ratio, head))
                .toList();
        List<Cells[]> across = grids.stream()
                .map(g -> Cells.ofPixels(image.width(), g.width()))
                .toList();
        int k = classes.size();
        int[] labels = new int[image.width() * image.height()];
        float[] logits = new float[image.width() * k];
        for (int y = 0; y < image.height(); y++) {
            float[] sum = new float[image.width() * k];
            for (int g = 0; g < grids.size(); g++) {
                Grid grid = grids.get(g);
                Cells down = Cells.at((y + 0.5) / image.height(), grid.height());
                Cells.row(grid.values(), grid.width(), k, down, across.get(g), logits);
                addProbabilities(logits, k, sum);
            }
            for (int x = 0; x < image.width(); x++) {
                labels[y * image.width() + x] = largest(sum, x * k, k);
            }
        }
        return labels;
    }

    private static void addProbabilities(float[] logits, int k, float[] sum) {
        for (int from = 0; from < logits.length; from += k) {
            float most = logits[from + largest(logits, from, k)];
            double total = 0;
            for (int i = from; i < from + k; i++) {
                logits[i] = (float) Math.exp(logits[i] - most);
                total += logits[i];
            }
            for (int i = from; i < from + k; i++) {
                sum[i] += (float) (logits[i] / total);
            }
        }
    }

    private static int largest(float[] values, int from, int k) {
        int largest = 0;
        for (int i = 1; i < k; i++) {
            largest = values[from + i] > values[from + largest] ? i : largest;
        }
        return largest;
    }

    /** An image with the colours of its classes over it. */
    public Image overlay(Image image) {
        return DensePictures.overlay(image, segment(image), classes);
    }

    /** What the classes are. */
    public SegmentationClasses classes() {
        return classes;
    }

    @Override
    public void close() {
        features.close();
    }
}
