package io.dino4j.data.image;

import java.util.random.RandomGenerator;

/**
 * Cuts out a random rectangle and resizes it to a square, bicubic. The area is uniform in {@code scale} times the
 * image's area, the aspect ratio log-uniform; a draw that does not fit is repeated up to ten times, then the largest
 * centred rectangle of an allowed aspect is taken.
 */
public final class RandomResizedCrop extends Transform {
    /** Aspect ratios (width / height) of the recipe. */
    public static final Range ASPECT = new Range(3.0 / 4.0, 4.0 / 3.0);

    private static final int TRIES = 10;
    private final int size;
    private final Range scale;
    private final Range aspect;

    /**
     * Makes the transform.
     *
     * @param size side of the result, in pixels
     * @param scale cut area as a fraction of the image's, above 0 and at most 1
     * @param aspect width divided by height of the cut, positive
     */
    public RandomResizedCrop(int size, Range scale, Range aspect) {
        if (size <= 0 || scale.min() <= 0 || scale.max() > 1 || aspect.min() <= 0) {
            throw new IllegalArgumentException(
                    "not a random crop: size %d, scale %s, aspect %s".formatted(size, scale, aspect));
        }
        this.size = size;
        this.scale = scale;
        this.aspect = aspect;
    }

    @Override
    public Image apply(Image image, RandomGenerator rng) {
        return BicubicResize.cropResize(image, draw(image.width(), image.height(), rng), size, size);
    }

    @Override
    public void apply(Canvas canvas, RandomGenerator rng) {
        Box box = draw(canvas.width(), canvas.height(), rng);
        BicubicResize.cropResize(canvas, canvas.toImage(), box, size, size);
    }

    /**
     * Draws the rectangle.
     *
     * @param width of the image, in pixels
     * @param height of the image, in pixels
     * @param rng source of randomness
     * @return a box inside the image
     */
    public Box draw(int width, int height, RandomGenerator rng) {
        double area = (double) width * height;
        Range logAspect = new Range(Math.log(aspect.min()), Math.log(aspect.max()));
        for (int i = 0; i < TRIES; i++) {
            double target = area * scale.draw(rng);
            double ratio = Math.exp(logAspect.draw(rng));
            int w = (int) Math.rint(Math.sqrt(target * ratio));
            int h = (int) Math.rint(Math.sqrt(target / ratio));
            if (0 < w && w <= width && 0 < h && h <= height) {
                int top = rng.nextInt(height - h + 1);
                return new Box(top, rng.nextInt(width - w + 1), h, w);
            }
        }
        return centred(width, height);
    }

    /**
     * How small an image may be decoded so that every crop that can be drawn of it still has at least as many columns and rows as the
     * result: the smallest area at the most extreme aspect, or the largest centred rectangle where that is smaller.
     *
     * @return depends on the size of the image alone
     */
    public Reduction reduction() {
        return (width, height) -> {
            double area = (double) width * height * scale.min();
            double narrowest = Math.sqrt(area * aspect.min());
            double flattest = Math.sqrt(area / aspect.max());
            Box fallback = centred(width, height);
            double side = Math.min(Math.min(narrowest, flattest), Math.min(fallback.width(), fallback.height()));
            return Reduction.atMost(side / size);
        };
    }

    private Box centred(int width, int height) {
        double ratio = (double) width / height;
        int w = width;
        int h = height;
        if (ratio < aspect.min()) {
            h = Math.max(1, (int) Math.rint(w / aspect.min()));
        } else if (ratio > aspect.max()) {
            w = Math.max(1, (int) Math.rint(h * aspect.max()));
        }
        return new Box((height - h) / 2, (width - w) / 2, h, w);
    }
}
