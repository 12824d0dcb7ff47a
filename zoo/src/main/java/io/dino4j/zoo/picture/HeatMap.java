package io.dino4j.zoo.picture;

import io.dino4j.data.image.Image;
import java.util.Arrays;

/**
 * Numbers on a grid of patches as a picture. The scale is the map's own, from its smallest number to its 99.5th percentile: few patches
 * with very much would leave the rest dark.
 *
 * @param colors of the numbers
 * @param smooth bicubic between patches; else each patch is a block
 */
public record HeatMap(ColorMap colors, boolean smooth) {
    private static final double TOP = 0.995;

    /** Share of the heat in a picture that lies over a photo. */
    private static final double HEAT = 0.6;

    /**
     * Draws a map.
     *
     * @param values {@code [gridHeight * gridWidth]}
     */
    public Image draw(float[] values, int gridWidth, int width, int height) {
        Image grey = Enlarged.of(levels(values, gridWidth), width, height, smooth);
        byte[] rgb = new byte[3 * width * height];
        for (int i = 0; i < width * height; i++) {
            int color = colors.color((grey.rgb()[3 * i] & 255) / 255.0);
            rgb[3 * i] = (byte) (color >> 16);
            rgb[3 * i + 1] = (byte) (color >> 8);
            rgb[3 * i + 2] = (byte) color;
        }
        return new Image(width, height, rgb);
    }

    /** Draws a map over a photo, which shines through in grey, so that all colour is heat. */
    public Image drawOver(Image photo, float[] values, int gridWidth, int width, int height) {
        Image below = Enlarged.smooth(photo, width, height);
        byte[] rgb = draw(values, gridWidth, width, height).rgb();
        for (int i = 0; i < width * height; i++) {
            double grey = 0.299 * (below.rgb()[3 * i] & 255)
                    + 0.587 * (below.rgb()[3 * i + 1] & 255)
                    + 0.114 * (below.rgb()[3 * i + 2] & 255);
            for (int c = 0; c < 3; c++) {
                rgb[3 * i + c] = (byte) Math.round(HEAT * (rgb[3 * i + c] & 255) + (1 - HEAT) * grey);
            }
        }
        return new Image(width, height, rgb);
    }

    private static Image levels(float[] values, int gridWidth) {
        float[] sorted = values.clone();
        Arrays.sort(sorted);
        float low = sorted[0];
        float high = sorted[(int) Math.ceil(TOP * (sorted.length - 1))];
        byte[] rgb = new byte[3 * values.length];
        for (int p = 0; p < values.length; p++) {
            float share = high > low ? Math.min(1, (values[p] - low) / (high - low)) : 0;
            Arrays.fill(rgb, 3 * p, 3 * p + 3, (byte) Math.round(255 * share));
        }
        return new Image(gridWidth, values.length / gridWidth, rgb);
    }
}
