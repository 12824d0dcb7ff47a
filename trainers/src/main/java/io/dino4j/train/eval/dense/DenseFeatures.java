package io.dino4j.train.eval.dense;

import io.dino4j.data.Progress;
import io.dino4j.data.Seed;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.KeepAspect;
import io.dino4j.train.eval.dense.FeaturePoints.Columns;
import io.dino4j.train.eval.dense.FeaturePoints.Pool;
import io.dino4j.train.eval.dense.Views.View;
import io.dino4j.train.eval.feature.FeatureCache;
import io.dino4j.train.eval.feature.ImageFeatures;
import io.dino4j.train.eval.feature.Subject;
import io.dino4j.zoo.FeatureKind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/** Features of whole images for linear heads: those of training images from the cache, others as they are asked for. */
final class DenseFeatures implements AutoCloseable {
    private final Subject subject;
    private final FeatureKind kind;
    private final Columns columns;
    private final DenseSettings settings;

    /**
     * For a subject.
     *
     * @param subject closed by its owner
     * @param kind a grid
     * @param layers of the last blocks of the kind that are taken; the others are there for other heads
     * @throws IllegalArgumentException if the settings do not fit its patches
     */
    DenseFeatures(Subject subject, FeatureKind kind, int layers, DenseSettings settings) {
        int patch = subject.patchSize();
        settings.checkPatches(patch);
        int shortSide = patch * Math.max(1, Math.round((float) settings.shortSide() / patch));
        int smallest = settings.window() == 0 ? shortSide : Math.min(shortSide, settings.window());
        // views are whole patches already: nothing is left for this to change
        KeepAspect untouched = new KeepAspect(
                smallest, Integer.MAX_VALUE, patch, subject.preprocessing(kind).normalization());
        this.subject = subject.with(untouched);
        this.kind = kind;
        this.settings = settings;
        int all = subject.dimension(kind);
        int one = subject.dimension(new FeatureKind(kind.pooling(), 1));
        boolean cls = kind.pooling() == FeatureKind.Pooling.TOKENS;
        columns = new Columns(Math.max(0, all - layers * one), all, cls);
    }

    /** A grid of numbers, {@code [height, width, K]}. */
    record Grid(int height, int width, float[] values) {}

    /** The truth about an image: row by row, not a number where it is not known. */
    record Truth(int width, float[] values) {}

    /**
     * Points of training images. All truths are read first, so that a bad one is named before hours of work.
     *
     * @param truth of an image by its number
     */
    FeaturePoints points(TruthFolder folder, IntFunction<Truth> truth, FeatureCache cache, Progress progress)
            throws IOException {
        Views views = Views.all(folder, settings, subject.patchSize());
        Seed seed = new Seed(settings.seed()).derive("pool");
        List<Pool> pools = new ArrayList<>();
        Truth known = null;
        int of = -1;
        progress.begin("reading truths", 0, views.size());
        for (View view : views.list()) {
            if (view.image() != of) {
                of = view.image();
                known = truth.apply(of);
            }
            pools.add(Pool.of(view, known.values, known.width, seed.at(0, pools.size())));
            progress.advance(pools.size(), Map.of());
        }
        progress.end();
        ImageFeatures features = cache.features(subject, views, kind, progress);
        if (!features.unreadable().isEmpty()) {
            throw new IllegalArgumentException(features.unreadable().get(0));
        }
        return new FeaturePoints(features, pools, columns);
    }

    /** A head's numbers for the patches of a whole image; where windows overlap, their mean. */
    Grid logits(Image image, double ratio, LinearHead head) {
        int patch = subject.patchSize();
        List<View> views =
                Views.of(0, image.width(), image.height(), settings.shortSide(), ratio, settings.window(), patch);
        int h = views.get(0).height() / patch;
        int w = views.get(0).width() / patch;
        int k = head.outputs();
        float[] sum = new float[h * w * k];
        int[] count = new int[h * w];
        List<float[]> features =
                subject.features(views.stream().map(v -> v.of(image)).toList(), kind);
        for (int v = 0; v < views.size(); v++) {
            int rows = views.get(v).window().height() / patch;
            int across = views.get(v).window().width() / patch;
            float[] logits = head.logits(rows(features.get(v), rows * across), rows * across);
            for (int p = 0; p < rows * across; p++) {
                int y = views.get(v).window().top() / patch + p / across;
                int x = views.get(v).window().left() / patch + p % across;
                count[y * w + x]++;
                for (int i = 0; i < k; i++) {
                    sum[(y * w + x) * k + i] += logits[p * k + i];
                }
            }
        }
        for (int i = 0; i < sum.length; i++) {
            sum[i] /= count[i / k];
        }
        return new Grid(h, w, sum);
    }

    /** What the head takes of features, {@code [patches, C]}. */
    private float[] rows(float[] features, int patches) {
        int d = subject.dimension(kind);
        int c = columns.to() - columns.from();
        int first = columns.cls() ? 1 : 0;
        float[] out = new float[patches * columns.width()];
        for (int p = 0; p < patches; p++) {
            int at = p * columns.width();
            System.arraycopy(features, (first + p) * d + columns.from(), out, at, c);
            if (columns.cls()) {
                System.arraycopy(features, columns.from(), out, at + c, c);
            }
        }
        return out;
    }

    @Override
    public void close() {
        subject.close();
    }
}
