package io.dino4j.train.eval.feature;

import io.dino4j.data.image.EvalTransform;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.KeepAspect;
import io.dino4j.data.image.Normalization;
import io.dino4j.data.image.Preprocessing;
import io.dino4j.zoo.FeatureKind;
import io.dino4j.zoo.FeatureKind.Pooling;
import java.util.List;

/**
 * The pixels themselves: what can be had without any network. The feature of an image are its pixels at no more than {@value #LARGEST_SIDE}
 * on a side, from 0 to 1, {@code [3 S S]}; that of a patch are the patch's own, {@code [3 P P]}, whatever blocks are asked for. The token for
 * the whole image of {@link Pooling#TOKENS} is the mean of its patches.
 *
 * @param side of the image that is classified, in pixels, {@code S}
 * @param patchSize {@code P}
 * @param grid what images go through before they are cut into patches
 */
public record PixelSubject(String title, int side, int patchSize, Preprocessing grid) implements Subject {
    /** Larger images are compared at this size: their pixels say no more about the class, and would fill the memory. */
    static final int LARGEST_SIDE = 64;

    private static final Normalization PLAIN = new Normalization(new float[3], new float[] {1, 1, 1});

    /** The pixels that a network sees. */
    public static PixelSubject like(Subject network) {
        Preprocessing grid = network.preprocessing(FeatureKind.cls());
        int side = grid instanceof EvalTransform e ? e.crop() : ((KeepAspect) grid).shortSide();
        return new PixelSubject("raw pixels", Math.min(side, LARGEST_SIDE), network.patchSize(), plain(grid));
    }

    private static Preprocessing plain(Preprocessing p) {
        return p instanceof EvalTransform e
                ? new EvalTransform(e.resize(), e.crop(), PLAIN)
                : new KeepAspect(
                        ((KeepAspect) p).shortSide(), ((KeepAspect) p).longest(), ((KeepAspect) p).multiple(), PLAIN);
    }

    @Override
    public PixelSubject titled(String other) {
        return new PixelSubject(other, side, patchSize, grid);
    }

    @Override
    public String fingerprint() {
        return Fingerprints.ofTexts(
                List.of("pixels", Integer.toString(side), Integer.toString(patchSize), grid.toString()));
    }

    @Override
    public String computation() {
        return "";
    }

    @Override
    public int dimension(FeatureKind kind) {
        return kind.pooling().isGrid() ? 3 * patchSize * patchSize : 3 * side * side;
    }

    @Override
    public Preprocessing preprocessing(FeatureKind kind) {
        return kind.pooling().isGrid() ? grid : new EvalTransform(side, side, PLAIN);
    }

    @Override
    public PixelSubject with(Preprocessing preprocessing) {
        return new PixelSubject(title, side, patchSize, plain(preprocessing));
    }

    @Override
    public boolean needsCentering() {
        return true;
    }

    @Override
    public List<float[]> features(List<Image> images, FeatureKind kind) {
        return images.stream()
                .map(image -> switch (kind.pooling()) {
                    case CLS, MEAN, CLS_MEAN -> whole(image);
                    case PATCHES -> patches(image, 0);
                    case TOKENS -> withMean(patches(image, 1));
                })
                .toList();
    }

    private static float[] whole(Image image) {
        float[] pixels = new float[image.rgb().length];
        PLAIN.write(image, pixels);
        return pixels;
    }

    /** Rows of patches, after so many empty rows. */
    private float[] patches(Image image, int before) {
        int h = image.height() / patchSize;
        int w = image.width() / patchSize;
        int d = 3 * patchSize * patchSize;
        float[] pixels = whole(image); // [3, H, W]
        float[] out = new float[(before + h * w) * d];
        int at = before * d;
        for (int p = 0; p < h * w; p++) {
            int top = p / w * patchSize;
            int left = p % w * patchSize;
            for (int row = 0; row < 3 * patchSize; row++) { // channel by channel
                int y = row / patchSize * image.height() + top + row % patchSize;
                System.arraycopy(pixels, y * image.width() + left, out, at, patchSize);
                at += patchSize;
            }
        }
        return out;
    }

    /** Fills the first row with the mean of the others. */
    private float[] withMean(float[] rows) {
        int d = 3 * patchSize * patchSize;
        int n = rows.length / d - 1;
        for (int i = 0; i < d; i++) {
            double sum = 0;
            for (int r = 1; r <= n; r++) {
                sum += rows[r * d + i];
            }
            rows[i] = (float) (sum / n);
        }
        return rows;
    }

    @Override
    public void close() {
        // holds nothing
    }
}
