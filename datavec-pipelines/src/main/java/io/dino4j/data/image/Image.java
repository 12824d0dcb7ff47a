package io.dino4j.data.image;

import java.awt.image.BufferedImage;
import java.util.Arrays;

/**
 * An 8-bit RGB image. The pixels are shared, not copied: whoever makes an image must not write to the array again.
 *
 * @param width pixels per row, positive
 * @param height rows, positive
 * @param rgb (H, W, 3) unsigned bytes, row by row, channels interleaved
 */
public record Image(int width, int height, byte[] rgb) {
    /** Checks that the number of bytes fits the size. */
    public Image {
        if (width <= 0 || height <= 0 || rgb.length != 3L * width * height) {
            throw new IllegalArgumentException(
                    "an RGB image of %dx%d does not have %d bytes".formatted(width, height, rgb.length));
        }
    }

    /**
     * The pixels of a picture of Java's own, without its transparency.
     *
     * @param picture any type, converted to sRGB by Java
     */
    public static Image of(BufferedImage picture) {
        int width = picture.getWidth();
        int height = picture.getHeight();
        int[] pixels = picture.getRGB(0, 0, width, height, null, 0, width);
        byte[] rgb = new byte[3 * pixels.length];
        for (int i = 0; i < pixels.length; i++) {
            rgb[3 * i] = (byte) (pixels[i] >> 16);
            rgb[3 * i + 1] = (byte) (pixels[i] >> 8);
            rgb[3 * i + 2] = (byte) pixels[i];
        }
        return new Image(width, height, rgb);
    }

    /**
     * One value.
     *
     * @param x column, from the left
     * @param y row, from the top
     * @param channel 0 red, 1 green, 2 blue
     * @return the value, 0 to 255
     */
    public int at(int x, int y, int channel) {
        return rgb[3 * (y * width + x) + channel] & 0xff;
    }

    /** Returns the whole image as a box. */
    Box bounds() {
        return new Box(0, 0, height, width);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Image image && image.width == width && Arrays.equals(image.rgb, rgb);
    }

    @Override
    public int hashCode() {
        return 31 * width + Arrays.hashCode(rgb);
    }

    @Override
    public String toString() {
        return "Image[" + width + "x" + height + "]";
    }
}
