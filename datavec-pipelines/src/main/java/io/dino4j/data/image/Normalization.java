package io.dino4j.data.image;

import java.util.Arrays;

/**
 * 8-bit RGB to the network's input: {@code (v / 255 - mean) / std} per channel, in float32, channels first.
 * Equal values give equal floats, so 256 of them per channel are computed once.
 */
public final class Normalization {
    private final float[] mean;
    private final float[] std;
    private final float[][] table = new float[3][256];

    /**
     * Makes the normalisation.
     *
     * @param mean of red, green and blue, on the scale 0 to 1
     * @param std of red, green and blue, positive, on the same scale
     */
    public Normalization(float[] mean, float[] std) {
        if (mean.length != 3 || std.length != 3 || !(Math.min(std[0], Math.min(std[1], std[2])) > 0)) {
            throw new IllegalArgumentException("expected 3 means and 3 positive deviations, got %s and %s"
                    .formatted(Arrays.toString(mean), Arrays.toString(std)));
        }
        this.mean = mean.clone();
        this.std = std.clone();
        for (int c = 0; c < 3; c++) {
            for (int v = 0; v < 256; v++) {
                table[c][v] = (v / 255f - mean[c]) / std[c];
            }
        }
    }

    /**
     * ImageNet's statistics, which every DINOv2 model was trained with.
     *
     * @return mean (0.485, 0.456, 0.406), deviation (0.229, 0.224, 0.225)
     */
    public static Normalization imagenet() {
        return new Normalization(new float[] {0.485f, 0.456f, 0.406f}, new float[] {0.229f, 0.224f, 0.225f});
    }

    /**
     * The means.
     *
     * @return a copy, red first
     */
    public float[] mean() {
        return mean.clone();
    }

    /**
     * The standard deviations.
     *
     * @return a copy, red first
     */
    public float[] std() {
        return std.clone();
    }

    /** The float of each 8-bit value of a channel. To be read only. */
    float[] table(int channel) {
        return table[channel];
    }

    /**
     * Normalises an image.
     *
     * @param image source, (H, W)
     * @param out receives (3, H, W) floats from position 0 on; at least that long
     */
    public void write(Image image, float[] out) {
        byte[] in = image.rgb();
        int plane = in.length / 3;
        float[] red = table[0];
        float[] green = table[1];
        float[] blue = table[2];
        for (int p = 0, i = 0; p < plane; p++, i += 3) {
            out[p] = red[in[i] & 0xff];
            out[p + plane] = green[in[i + 1] & 0xff];
            out[p + 2 * plane] = blue[in[i + 2] & 0xff];
        }
    }

    /**
     * The way back, for people to look at.
     *
     * @param chw (3, H, W) normalised floats
     * @param width W
     * @param height H
     * @return the nearest 8-bit image; equal to the one that was normalised
     */
    public Image restore(float[] chw, int width, int height) {
        int plane = width * height;
        byte[] rgb = new byte[3 * plane];
        for (int c = 0; c < 3; c++) {
            for (int p = 0; p < plane; p++) {
                float value = 255 * (chw[c * plane + p] * std[c] + mean[c]);
                rgb[3 * p + c] = (byte) Math.max(0, Math.min(255, Math.round(value)));
            }
        }
        return new Image(width, height, rgb);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Normalization n && Arrays.equals(mean, n.mean) && Arrays.equals(std, n.std);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(mean) + Arrays.hashCode(std);
    }

    @Override
    public String toString() {
        return "Normalization[mean=" + Arrays.toString(mean) + ", std=" + Arrays.toString(std) + "]";
    }
}
