package io.dino4j.data.image;

import java.util.random.RandomGenerator;

/** The middle square of an image. An odd margin is split by rounding half to even, as torchvision does. */
public final class CenterCrop extends Transform {
    private final int size;

    /**
     * Makes the transform.
     *
     * @param size side of the result, in pixels; an image that is smaller is an error
     */
    public CenterCrop(int size) {
        if (size <= 0) {
            throw new IllegalArgumentException("crop size must be positive, got " + size);
        }
        this.size = size;
    }

    @Override
    public Image apply(Image image, RandomGenerator rng) {
        if (image.width() < size || image.height() < size) {
            throw new IllegalArgumentException("cannot cut %dx%d out of %s".formatted(size, size, image));
        }
        if (image.width() == size && image.height() == size) {
            return image;
        }
        return BicubicResize.cropResize(image, box(image.width(), image.height(), size), size, size);
    }

    /** The middle square of an image of at least its size. */
    static Box box(int width, int height, int size) {
        int top = (int) Math.rint((height - size) / 2.0);
        int left = (int) Math.rint((width - size) / 2.0);
        return new Box(top, left, size, size);
    }
}
