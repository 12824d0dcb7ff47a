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

    @Override
    public void apply(Canvas canvas, RandomGenerator rng) {
        gray(canvas);
    }

    /**
     * Takes the colour out of an image.
     *
     * @param image source
     * @return a new image with three equal channels
     */
    public static Image gray(Image image) {
        Canvas canvas = Canvas.of(image);
        gray(canvas);
        return canvas.toImage();
    }

    private static void gray(Canvas canvas) {
        int[] pixels = canvas.pixels();
        int area = canvas.area();
        for (int i = 0; i < area; i++) {
            pixels[i] = luma(pixels[i]) * 0x010101;
        }
    }

    /** Brightness, 0 to 255, of a pixel {@code 0xRRGGBB}. */
    static int luma(int pixel) {
        return (pixel >> 16) * 19595 + (pixel >> 8 & 0xff) * 38470 + (pixel & 0xff) * 7471 + 0x8000 >> 16;
    }

    /** The mean of the brightness of all pixels, rounded half up. */
    static int meanLuma(Canvas canvas) {
        int[] pixels = canvas.pixels();
        int width = canvas.width();
        long sum = 0;
        for (int from = 0; from < canvas.area(); from += width) {
            int row = 0; // an int of a row cannot overflow
            for (int i = from; i < from + width; i++) {
                row += luma(pixels[i]);
            }
            sum += row;
        }
        return (int) ((double) sum / canvas.area() + 0.5);
    }
}
