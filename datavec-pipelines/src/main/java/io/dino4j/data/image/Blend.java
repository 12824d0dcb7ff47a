package io.dino4j.data.image;

/**
 * Pillow's blend of a value with a degenerate one, {@code d + f (v - d)} in float, cut to 0 to 255 and truncated.
 *
 * <p>In whole numbers it is one product and a shift, which the compiler turns into a vector loop (conversions of floats it does not). The
 * two agree for most factors; whether they do is found out by trying the 511 differences there are, and otherwise floats are used.
 */
final class Blend {
    private static final int BITS = 22;

    /** Above this the product of 22 bits and a difference overflows. */
    private static final float MAX_FACTOR = 2;

    /** A float sum below 256 that is nearer to the next whole number than this may be rounded to it. */
    private static final double NEAR = 0x1p-16;

    private static final int NONE = -1;

    private Blend() {}

    /** Blends every value with one grey. */
    static void withGray(Canvas canvas, int gray, float factor) {
        int m = multiplier(factor);
        if (m == NONE) {
            int[] table = canvas.table();
            for (int v = 0; v < table.length; v++) {
                table[v] = cut((int) (gray + factor * (v - gray)));
            }
            canvas.lookUp(table);
            return;
        }
        int[] pixels = canvas.pixels();
        int area = canvas.area();
        for (int i = 0; i < area; i++) {
            int pixel = pixels[i];
            int r = cut(gray + (((pixel >> 16) - gray) * m >> BITS));
            int g = cut(gray + (((pixel >> 8 & 0xff) - gray) * m >> BITS));
            int b = cut(gray + (((pixel & 0xff) - gray) * m >> BITS));
            pixels[i] = r << 16 | g << 8 | b;
        }
    }

    /** Blends every pixel with its own grey. */
    static void withOwnGray(Canvas canvas, float factor) {
        int m = multiplier(factor);
        int[] pixels = canvas.pixels();
        int area = canvas.area();
        if (m == NONE) {
            for (int i = 0; i < area; i++) {
                pixels[i] = inFloat(pixels[i], factor);
            }
            return;
        }
        for (int i = 0; i < area; i++) {
            int pixel = pixels[i];
            int gray = Grayscale.luma(pixel);
            int r = cut(gray + (((pixel >> 16) - gray) * m >> BITS));
            int g = cut(gray + (((pixel >> 8 & 0xff) - gray) * m >> BITS));
            int b = cut(gray + (((pixel & 0xff) - gray) * m >> BITS));
            pixels[i] = r << 16 | g << 8 | b;
        }
    }

    private static int inFloat(int pixel, float factor) {
        int gray = Grayscale.luma(pixel);
        int r = cut((int) (gray + factor * ((pixel >> 16) - gray)));
        int g = cut((int) (gray + factor * ((pixel >> 8 & 0xff) - gray)));
        int b = cut((int) (gray + factor * ((pixel & 0xff) - gray)));
        return r << 16 | g << 8 | b;
    }

    /** The factor in fixed point, if it gives the same as the float for every difference; otherwise {@link #NONE}. */
    static int multiplier(float factor) {
        if (!(factor >= 0 && factor < MAX_FACTOR)) {
            return NONE;
        }
        int m = Math.round(factor * (1 << BITS));
        for (int d = -255; d <= 255; d++) {
            double exact = factor * d; // the product is rounded to float first
            int floor = m * d >> BITS;
            double fraction = exact - floor;
            if (!(fraction >= 0 && fraction < 1 - NEAR)) {
                return NONE;
            }
        }
        return m;
    }

    /** To 0 to 255. By bits, because the compiler makes no vector loop of a minimum. */
    static int cut(int value) {
        int positive = value & ~(value >> 31);
        int below = 255 - positive;
        return 255 - (below & ~(below >> 31));
    }
}
