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
        int[] size = size(image.width(), image.height(), length);
        boolean same = size[0] == image.width() && size[1] == image.height();
        return same ? image : BicubicResize.cropResize(image, image.bounds(), size[0], size[1]);
    }

    /** Width and height of an image once its short side has a length. */
    static int[] size(int w, int h, int length) {
        if (Math.min(w, h) == length) {
            return new int[] {w, h};
        }
        return w <= h
                ? new int[] {length, (int) ((double) length * h / w)}
                : new int[] {(int) ((double) length * w / h), length};
    }
}
