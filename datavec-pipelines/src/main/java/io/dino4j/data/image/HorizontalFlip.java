package io.dino4j.data.image;

import java.util.random.RandomGenerator;

/** Left becomes right. */
public final class HorizontalFlip extends Transform {
    /** Makes the transform. */
    public HorizontalFlip() {}

    @Override
    public Image apply(Image image, RandomGenerator rng) {
        return mirror(image);
    }

    /**
     * Mirrors an image.
     *
     * @param image source
     * @return a new image whose column x is column {@code width - 1 - x} of the source
     */
    public static Image mirror(Image image) {
        byte[] in = image.rgb();
        byte[] out = new byte[in.length];
        int stride = 3 * image.width();
        for (int y = 0, o = 0; y < image.height(); y++) {
            for (int i = (y + 1) * stride - 3; i >= y * stride; i -= 3, o += 3) {
                out[o] = in[i];
                out[o + 1] = in[i + 1];
                out[o + 2] = in[i + 2];
            }
        }
        return new Image(image.width(), image.height(), out);
    }
}
