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
    /** Hue by order of the channels (6), then C and max - mid (C &ge; max - mid) in a triangle. */
    private static final byte[][] HUE = new byte[6][triangle(256)];

    /** Saturation by max and C (max &ge; C) in a triangle. */
    private static final byte[] SATURATION = new byte[triangle(256)];

    /** {@code v / 255} in float. */
    private static final float[] UNIT = new float[256];

    /** Sixth of the circle a hue lies in, and how far into it, 0 to 1. */
    private static final int[] SECTOR = new int[256];

    private static final float[] FRACTION = new float[256];

    static {
        for (int v = 0; v < 256; v++) {
            UNIT[v] = (float) (v / 255.0);
            SECTOR[v] = (int) (v * 6.0 / 255.0);
            FRACTION[v] = (float) (v * 6.0 / 255.0 - SECTOR[v]);
        }
        for (int max = 1; max < 256; max++) {
            for (int other = 0; other <= max; other++) {
                SATURATION[triangle(max) + other] = (byte) (int) ((float) other / max * 255.0);
                int mid = max - other; // here min is 0 and C is max
                HUE[0][triangle(max) + other] = (byte) hue(max, mid, 0, max);
                HUE[1][triangle(max) + other] = (byte) hue(max, 0, mid, max);
                HUE[2][triangle(max) + other] = (byte) hue(mid, max, 0, max);
                HUE[3][triangle(max) + other] = (byte) hue(0, max, mid, max);
                HUE[4][triangle(max) + other] = (byte) hue(mid, 0, max, max);
                HUE[5][triangle(max) + other] = (byte) hue(0, mid, max, max);
            }
        }
    }

    private HueShift() {}

    /** A new image with {@code shift} added to the 8-bit hue, modulo 256. */
    static Image shift(Image image, int shift) {
        byte[] in = image.rgb();
        byte[] out = new byte[in.length];
        for (int i = 0; i < in.length; i += 3) {
            int r = in[i] & 0xff;
            int g = in[i + 1] & 0xff;
            int b = in[i + 2] & 0xff;
            int max = Math.max(r, Math.max(g, b));
            int chroma = max - Math.min(r, Math.min(g, b));
            if (chroma == 0) { // no hue to turn
                out[i] = in[i];
                out[i + 1] = in[i];
                out[i + 2] = in[i];
                continue;
            }
            int order;
            if (r == max) {
                order = g >= b ? 0 : 1;
            } else if (g == max) {
                order = r >= b ? 2 : 3;
            } else {
                order = r >= g ? 4 : 5;
            }
            int toMid = 2 * max - (r + g + b - (max - chroma)); // max - mid
            int hue = HUE[order][triangle(chroma) + toMid] + shift & 0xff;
            write(hue, SATURATION[triangle(max) + chroma] & 0xff, max, out, i);
        }
        return new Image(image.width(), image.height(), out);
    }

    /** Where row n of a triangle starts, whose row n has n + 1 entries. */
    private static int triangle(int n) {
        return n * (n + 1) >> 1;
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

    private static void write(int hue, int saturation, int value, byte[] out, int at) {
        float fraction = FRACTION[hue];
        float s = UNIT[saturation];
        int p = round(value * (1.0 - s));
        int q = round(value * (1.0 - s * fraction));
        int t = round(value * (1.0 - s * (1.0 - fraction)));
        switch (SECTOR[hue]) {
            case 1 -> put(out, at, q, value, p);
            case 2 -> put(out, at, p, value, t);
            case 3 -> put(out, at, p, q, value);
            case 4 -> put(out, at, t, p, value);
            case 5 -> put(out, at, value, p, q);
            default -> put(out, at, value, t, p); // sector 6 is hue 255, the full turn
        }
    }

    /** Half away from zero, of a value from 0 to 255. */
    private static int round(double value) {
        return (int) (value + 0.5);
    }

    private static void put(byte[] out, int at, int r, int g, int b) {
        out[at] = (byte) r;
        out[at + 1] = (byte) g;
        out[at + 2] = (byte) b;
    }
}
