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

    @Override
    public void apply(Canvas canvas, RandomGenerator rng) {
        mirror(canvas);
    }

    /**
     * Mirrors an image.
     *
     * @param image source
     * @return a new image whose column x is column {@code width - 1 - x} of the source
     */
    public static Image mirror(Image image) {
        Canvas canvas = Canvas.of(image);
        mirror(canvas);
        return canvas.toImage();
    }

    private static void mirror(Canvas canvas) {
        int[] pixels = canvas.pixels();
        int width = canvas.width();
        for (int from = 0; from < canvas.area(); from += width) {
            for (int left = from, right = from + width - 1; left < right; left++, right--) {
                int pixel = pixels[left];
                pixels[left] = pixels[right];
                pixels[right] = pixel;
            }
        }
    }
}
