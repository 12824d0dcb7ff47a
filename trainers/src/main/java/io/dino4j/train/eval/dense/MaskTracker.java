package io.dino4j.train.eval.dense;

import io.dino4j.data.Progress;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.data.source.ImageSource;
import io.dino4j.train.eval.dense.Views.View;
import io.dino4j.train.eval.feature.Subject;
import io.dino4j.zoo.FeatureKind;
import io.dino4j.zoo.FeatureKind.Pooling;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Follows objects through the frames of a video by the similarity of patch features, from a mask of the first frame (DINO, {@code
 * eval_video_segmentation.py}: 5 neighbours, the first and the last 7 frames, temperature 0.1, 12 patches around).
 *
 * @param subject closed by its owner
 * @param shortSide of frames as the network sees them, in pixels; rounded to whole patches
 */
public record MaskTracker(Subject subject, int shortSide) {
    private static final FeatureKind PATCHES = new FeatureKind(Pooling.PATCHES, 1);

    /** Takes masks as they come. */
    @FunctionalInterface
    public interface Masks {
        /**
         * A mask.
         *
         * @param frame its number
         * @param image the frame
         * @param mask {@code [H * W]} objects, row by row, 0 for none
         */
        void accept(int frame, Image image, int[] mask);
    }

    /**
     * Follows objects.
     *
     * @param frames in order, all of one size
     * @param first {@code [H * W]} mask of the first frame, row by row: objects from 1, 0 for none
     * @param masks is given those of all frames but the first
     * @param progress told of frames
     * @throws IllegalArgumentException naming a frame that cannot be read or is of another size
     */
    public void track(ImageSource frames, int[] first, Masks masks, Progress progress) {
        Image image = read(frames, 0);
        int width = image.width();
        int height = image.height();
        if (first.length != width * height) {
            throw new IllegalArgumentException(
                    "the mask has %d pixels, but %s has %dx%d".formatted(first.length, frames.name(0), width, height));
        }
        View view =
                Views.of(0, width, height, shortSide, 1, 0, subject.patchSize()).get(0);
        int h = view.height() / subject.patchSize();
        int w = view.width() / subject.patchSize();
        int labels = 1 + Arrays.stream(first).max().orElseThrow();
        float[] features = features(view, image);
        float[] centre = subject.needsCentering() ? mean(features, h * w) : new float[features.length / (h * w)];
        Propagation propagation =
                new Propagation(h, w, minus(features, centre), patches(first, width, height, w, h, labels), labels);
        progress.begin("following, " + subject.title(), 1, frames.size());
        for (int f = 1; f < frames.size(); f++) {
            Image next = read(frames, f);
            if (next.width() != width || next.height() != height) {
                throw new IllegalArgumentException("%s: has %dx%d pixels, but the first frame has %dx%d"
                        .formatted(frames.name(f), next.width(), next.height(), width, height));
            }
            float[] soft = propagation.next(minus(features(view, next), centre));
            masks.accept(f, next, pixels(soft, labels, h, w, height, width));
            progress.advance(f + 1L, Map.of());
        }
        progress.end();
    }

    private static Image read(ImageSource frames, int i) {
        try {
            return frames.read(i);
        } catch (UnreadableImageException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    private float[] features(View view, Image image) {
        return subject.features(List.of(view.of(image)), PATCHES).get(0);
    }

    private static float[] mean(float[] features, int n) {
        int d = features.length / n;
        float[] mean = new float[d];
        for (int i = 0; i < features.length; i++) {
            mean[i % d] += features[i] / n;
        }
        return mean;
    }

    private static float[] minus(float[] features, float[] centre) {
        float[] out = features.clone();
        for (int i = 0; i < out.length; i++) {
            out[i] -= centre[i % centre.length];
        }
        return out;
    }

    /** A mask on the grid of patches, one number for each label: that of the pixel in the middle. */
    static float[] patches(int[] mask, int width, int height, int w, int h, int labels) {
        float[] out = new float[h * w * labels];
        for (int p = 0; p < h * w; p++) {
            int y = (int) ((p / w + 0.5) * height / h);
            int x = (int) ((p % w + 0.5) * width / w);
            out[p * labels + mask[y * width + x]] = 1;
        }
        return out;
    }

    /** The label with the largest number, each stretched to the range 0 to 1 over the frame, as the reference does. */
    static int[] pixels(float[] soft, int labels, int h, int w, int height, int width) {
        int[] mask = new int[height * width];
        float[] most = new float[height * width];
        Arrays.fill(most, Float.NEGATIVE_INFINITY);
        for (int k = 0; k < labels; k++) {
            float[] of = new float[h * w];
            for (int p = 0; p < h * w; p++) {
                of[p] = soft[p * labels + k];
            }
            float[] large = Cells.resize(of, h, w, height, width);
            float low = Float.POSITIVE_INFINITY;
            float high = Float.NEGATIVE_INFINITY;
            for (float v : large) {
                low = Math.min(low, v);
                high = Math.max(high, v);
            }
            for (int p = 0; p < large.length; p++) {
                float value = high > 0 ? (large[p] - low) / Math.max(high - low, 1e-12f) : large[p];
                if (value > most[p]) {
                    most[p] = value;
                    mask[p] = k;
                }
            }
        }
        return mask;
    }
}
