package io.dino4j.data.image;

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
