package io.dino4j.data.image;

import java.util.random.RandomGenerator;

/** Bicubic resize that brings the short side to a length and keeps the aspect ratio (long side truncated). */
public final class ResizeShortSide extends Transform {
    private final int length;

    /**
     * Makes the transform.
     *
     * @param length short side of the result, in pixels
     */
    public ResizeShortSide(int length) {
        if (length <= 0) {
            throw new IllegalArgumentException("short side must be positive, got " + length);
        }
        this.length = length;
    }

    @Override
    public Image apply(Image image, RandomGenerator rng) {
        int w = image.width();
        int h = image.height();
        if (Math.min(w, h) == length) {
            return image;
        }
        int width = w <= h ? length : (int) ((double) length * w / h);
        int height = w <= h ? (int) ((double) length * h / w) : length;
        return BicubicResize.cropResize(image, image.bounds(), width, height);
    }
}
