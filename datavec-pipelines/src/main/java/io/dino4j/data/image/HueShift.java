package io.dino4j.data.image;

/**
 * Turns the hue through an 8-bit HSV image, as Pillow does: the way there truncates to 8 bit, the way back rounds, so
 * even a shift of 0 changes pixels a little.
 *
 * <p>With C = max - min, the hue in sixths of the circle is {@code (g - b)/C}, {@code 2 + (b - r)/C} or {@code 4 + (r -
 * g)/C} for the largest channel r, g or b, and the saturation is C / max. Only the order of the channels, C and max -
 * mid matter for the hue, so it comes from a table.
 */
final class HueShift {
    /** Entries of a triangle for every C. */
    private static final int ORDERED = triangle(256);

    /** Hue by order of the channels (6), then C and max - mid (C &ge; max - mid) in a triangle. */
    private static final byte[] HUE = new byte[6 * ORDERED];

    /** Where the hues of an order begin, by r &lt; g, g &lt; b and r &lt; b; two of the eight cannot be. */
    private static final int[] ORDER = new int[8];

    /** Saturation by max and C (max &ge; C) in a triangle. */
    private static final byte[] SATURATION = new byte[ORDERED];

    /** {@code v / 255} in float. */
    private static final float[] UNIT = new float[256];

    /** By hue: how far into its sixth of the circle it lies, 0 to 1, in sixths that lead away from a pure colour; otherwise 0. */
    private static final float[] RISING = new float[256];

    /** By hue: how much of its sixth is left in the other sixths; otherwise 0. */
    private static final double[] FALLING = new double[256];

    private static final int BITS = 52;

    private static final long HALF = 1L << (BITS - 1);

    /** By saturation: what it leaves of the smallest channel, {@code 1 - s}, in fixed point; exact. */
    private static final long[] REST = new long[256];

    /** By hue: at which bits of (value, middle, smallest) red, green and blue lie, in a byte each from the lowest on. */
    private static final int[] PLACES = new int[256];

    static {
        for (int v = 0; v < 256; v++) {
            UNIT[v] = (float) (v / 255.0);
            int sector = (int) (v * 6.0 / 255.0);
            float fraction = (float) (v * 6.0 / 255.0 - sector);
            boolean rising = sector % 2 == 1;
            RISING[v] = rising ? fraction : 0;
            FALLING[v] = rising ? 0 : 1.0 - fraction;
            REST[v] = (long) ((1.0 - UNIT[v]) * (1L << BITS));
            PLACES[v] = places(sector);
        }
        int[] orders = {0, 2, 1, 0, 0, 3, 4, 5};
        for (int i = 0; i < orders.length; i++) {
            ORDER[i] = orders[i] * ORDERED;
        }
        for (int max = 1; max < 256; max++) {
            for (int other = 0; other <= max; other++) {
                SATURATION[triangle(max) + other] = (byte) (int) ((float) other / max * 255.0);
                int mid = max - other; // here min is 0 and C is max
                int at = triangle(max) + other;
                HUE[at] = (byte) hue(max, mid, 0, max);
                HUE[at + ORDERED] = (byte) hue(max, 0, mid, max);
                HUE[at + 2 * ORDERED] = (byte) hue(mid, max, 0, max);
                HUE[at + 3 * ORDERED] = (byte) hue(0, max, mid, max);
                HUE[at + 4 * ORDERED] = (byte) hue(mid, 0, max, max);
                HUE[at + 5 * ORDERED] = (byte) hue(0, mid, max, max);
            }
        }
    }

    private HueShift() {}

    /** Adds {@code shift} to the 8-bit hue of every pixel, modulo 256. No branches: they would follow the noise of the picture. */
    static void shift(Canvas canvas, int shift) {
        int[] pixels = canvas.pixels();
        int area = canvas.area();
        for (int i = 0; i < area; i++) {
            int pixel = pixels[i];
            int r = pixel >> 16;
            int g = pixel >> 8 & 0xff;
            int b = pixel & 0xff;
            int max = Math.max(r, Math.max(g, b));
            int chroma = max - Math.min(r, Math.min(g, b));
            int toMid = 3 * max - chroma - (r + g + b); // max - mid
            int hue = HUE[ORDER[(r - g >>> 31) + (g - b >>> 31) * 2 + (r - b >>> 31) * 4] + triangle(chroma) + toMid];
            pixels[i] = pixel(hue + shift & 0xff, SATURATION[triangle(max) + chroma] & 0xff, max);
        }
    }

    /** Where row n of a triangle starts, whose row n has n + 1 entries. */
    private static int triangle(int n) {
        return n * (n + 1) >> 1;
    }

    private static int places(int sector) {
        int value = 16;
        int middle = 8;
        int least = 0;
        return switch (sector) {
            case 1 -> middle | value << 8 | least << 16;
            case 2 -> least | value << 8 | middle << 16;
            case 3 -> least | middle << 8 | value << 16;
            case 4 -> middle | least << 8 | value << 16;
            case 5 -> value | least << 8 | middle << 16;
            default -> value | middle << 8 | least << 16; // sector 6 is hue 255, the full turn
        };
    }

    private static int hue(int r, int g, int b, int max) {
        float chroma = max - Math.min(r, Math.min(g, b));
        float rc = (max - r) / chroma;
        float gc = (max - g) / chroma;
        float bc = (max - b) / chroma;
        float sector;
        if (r == max) {
            sector = bc - gc;
        } else if (g == max) {
            sector = (float) (2.0 + rc - bc);
        } else {
            sector = (float) (4.0 + gc - rc);
        }
        double turn = sector / 6.0 + 1.0; // between 5/6 and 11/6, so the fraction is one subtraction
        float h = (float) (turn >= 1.0 ? turn - 1.0 : turn);
        return (int) (h * 255.0);
    }

    private static int pixel(int hue, int saturation, int value) {
        float s = UNIT[saturation];
        int p = (int) (value * REST[saturation] + HALF >> BITS);
        // Only one of the two is needed: one of the factors is 0.
        double less = s * RISING[hue] + s * FALLING[hue];
        int middle = (int) (value * (1.0 - less) + 0.5);
        int values = value << 16 | middle << 8 | p;
        int places = PLACES[hue];
        return (values >>> places & 0xff) << 16
                | (values >>> (places >> 8) & 0xff) << 8
                | values >>> (places >> 16) & 0xff;
    }
}
