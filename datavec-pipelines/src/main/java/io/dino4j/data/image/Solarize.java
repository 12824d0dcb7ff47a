package io.dino4j.data.image;

import java.util.random.RandomGenerator;

/** Inverts the bright values. */
public final class Solarize extends Transform {
    private final int threshold;

    /**
     * Makes the transform.
     *
     * @param threshold values of at least this, 0 to 256, are inverted; the recipe uses 128
     */
    public Solarize(int threshold) {
        this.threshold = threshold;
    }

    @Override
    public Image apply(Image image, RandomGenerator rng) {
        return solarize(image, threshold);
    }

    @Override
    public void apply(Canvas canvas, RandomGenerator rng) {
        solarize(canvas, threshold);
    }

    /**
     * Inverts the bright values of an image.
     *
     * @param image source
     * @param threshold smallest value that is inverted
     * @return a new image: v below the threshold, otherwise 255 - v
     */
    public static Image solarize(Image image, int threshold) {
        Canvas canvas = Canvas.of(image);
        solarize(canvas, threshold);
        return canvas.toImage();
    }

    private static void solarize(Canvas canvas, int threshold) {
        int[] table = canvas.table();
        for (int v = 0; v < table.length; v++) {
            table[v] = v < threshold ? v : 255 - v;
        }
        canvas.lookUp(table);
    }
}
