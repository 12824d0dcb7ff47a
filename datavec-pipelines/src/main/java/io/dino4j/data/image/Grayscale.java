package io.dino4j.data.image;

import java.util.random.RandomGenerator;

/** Grey in three equal channels: {@code L = 0.299 R + 0.587 G + 0.114 B} in 16-bit fixed point (ITU-R 601-2). */
public final class Grayscale extends Transform {
    /** Makes the transform. */
    public Grayscale() {}

    @Override
    public Image apply(Image image, RandomGenerator rng) {
        return gray(image);
    }

    /**
     * Takes the colour out of an image.
     *
     * @param image source
     * @return a new image with three equal channels
     */
    public static Image gray(Image image) {
        byte[] in = image.rgb();
        byte[] out = new byte[in.length];
        for (int i = 0; i < in.length; i += 3) {
            byte luma = (byte) luma(in, i);
            out[i] = luma;
            out[i + 1] = luma;
            out[i + 2] = luma;
        }
        return new Image(image.width(), image.height(), out);
    }

    /** Brightness, 0 to 255, of the pixel at a byte offset. */
    static int luma(byte[] rgb, int at) {
        return ((rgb[at] & 0xff) * 19595 + (rgb[at + 1] & 0xff) * 38470 + (rgb[at + 2] & 0xff) * 7471 + 0x8000) >> 16;
    }
}
