package io.dino4j.zoo.picture;

import io.dino4j.data.image.Image;
import io.dino4j.zoo.PatchFeatures;
import java.util.Optional;

/**
 * The colours of a {@link PatchPca} as a picture of any size.
 *
 * @param pca the colours
 * @param background what is not foreground
 * @param smooth bicubic between patches, the outline of the foreground too; else each patch is a block
 */
public record PcaPicture(PatchPca pca, Background background, boolean smooth) {
    /** Levels of 8 bits for a standard deviation of depth: steep, since only the outline is wanted of it. */
    private static final float LEVELS_PER_DEVIATION = 400;

    /** Levels over which foreground fades into background: about a pixel of outline at usual sizes. */
    private static final double FADE = 24;

    private static final int ZERO = 128;

    /** Draws an image's patches. */
    public Image draw(PatchFeatures features, int width, int height) {
        Image colors = Enlarged.of(pca.colors(features), width, height, smooth);
        Optional<float[]> depth = pca.depth(features);
        if (depth.isEmpty() || background == Background.KEEP) {
            return colors;
        }
        Image levels =
                Enlarged.of(levels(depth.get(), features.gridWidth(), features.gridHeight()), width, height, smooth);
        byte[] rgb = new byte[3 * width * height];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                double below = ZERO - 0.5 - levels.at(x, y, 0);
                double cover = smooth ? Math.max(0, Math.min(1, 0.5 + below / FADE)) : below > 0 ? 1 : 0;
                for (int c = 0; c < 3; c++) {
                    rgb[3 * (y * width + x) + c] = (byte) background.over(colors.at(x, y, c), cover);
                }
            }
        }
        return new Image(width, height, rgb);
    }

    /** Depth as grey levels, foreground from {@link #ZERO} on, so that the one bicubic of the project can enlarge it. */
    private static Image levels(float[] depth, int width, int height) {
        byte[] rgb = new byte[3 * depth.length];
        for (int p = 0; p < depth.length; p++) {
            double level = LEVELS_PER_DEVIATION * depth[p];
            int grey = depth[p] > 0 ? (int) Math.min(255, ZERO + level) : (int) Math.max(0, ZERO - 1 + level);
            for (int c = 0; c < 3; c++) {
                rgb[3 * p + c] = (byte) grey;
            }
        }
        return new Image(width, height, rgb);
    }
}
