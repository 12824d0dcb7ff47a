package io.dino4j.data.image;

/**
 * The two passes of a blur with 9 taps, and their memory. Rows are blurred as they are needed and nine of them kept, so that a picture can
 * be blurred in place. Sums are in float and in one order.
 */
final class BlurRows {
    private static final int RADIUS = 4;
    private static final int TAPS = 2 * RADIUS + 1;

    private final float[][] window = new float[TAPS][0];
    private float[] padded = new float[0];
    private float[] sum = new float[0];

    /**
     * Blurs pixels.
     *
     * @param pixels {@code 0xRRGGBB}, replaced by their blur
     * @param kernel 9 weights, symmetric
     */
    void blur(int[] pixels, int width, int height, float[] kernel) {
        int lane = width + 2 * RADIUS; // the three channels lie behind each other, each with its borders
        int length = 3 * lane;
        if (sum.length < length) {
            sum = new float[length];
            padded = new float[length + 2 * RADIUS];
            for (int i = 0; i < TAPS; i++) {
                window[i] = new float[length];
            }
        }
        int done = 0;
        for (int y = 0; y < height; y++) {
            for (; done < height && done <= y + RADIUS; done++) {
                pad(pixels, done * width, width);
                sumPixels(padded, kernel, window[done % TAPS], length);
            }
            sumRows(y, height, kernel, length);
            pack(pixels, y * width, width);
        }
    }

    private void pad(int[] pixels, int from, int width) {
        int lane = width + 2 * RADIUS;
        float[] to = padded;
        for (int x = 0; x < width; x++) {
            int pixel = pixels[from + x];
            to[RADIUS + x] = pixel >> 16;
            to[RADIUS + x + lane] = pixel >> 8 & 0xff;
            to[RADIUS + x + 2 * lane] = pixel & 0xff;
        }
        for (int c = RADIUS; c < 3 * lane; c += lane) {
            for (int x = 1; x <= RADIUS; x++) {
                to[c - x] = to[c + reflect(-x, width)];
                to[c + width - 1 + x] = to[c + reflect(width - 1 + x, width)];
            }
        }
    }

    /**
     * Nine neighbours in a row. Written out with constant offsets, so that the compiler makes one vector loop of it.
     */
    private static void sumPixels(float[] in, float[] kernel, float[] sum, int length) {
        float w0 = kernel[0];
        float w1 = kernel[1];
        float w2 = kernel[2];
        float w3 = kernel[3];
        float w4 = kernel[4];
        for (int x = 0; x < length; x++) { // the kernel is symmetric
            sum[x] = in[x] * w0
                    + in[x + 1] * w1
                    + in[x + 2] * w2
                    + in[x + 3] * w3
                    + in[x + 4] * w4
                    + in[x + 5] * w3
                    + in[x + 6] * w2
                    + in[x + 7] * w1
                    + in[x + 8] * w0;
        }
    }

    private float[] row(int y, int height) {
        return window[reflect(y, height) % TAPS];
    }

    /** Nine rows. Arrays of their own, because the compiler makes no vector loop of variable offsets into one array. */
    private void sumRows(int y, int height, float[] kernel, int length) {
        float[] to = sum;
        float[] r0 = row(y - 4, height);
        float[] r1 = row(y - 3, height);
        float[] r2 = row(y - 2, height);
        float[] r3 = row(y - 1, height);
        float[] r4 = row(y, height);
        float[] r5 = row(y + 1, height);
        float[] r6 = row(y + 2, height);
        float[] r7 = row(y + 3, height);
        float[] r8 = row(y + 4, height);
        float w0 = kernel[0];
        float w1 = kernel[1];
        float w2 = kernel[2];
        float w3 = kernel[3];
        float w4 = kernel[4];
        for (int x = 0; x < length; x++) {
            to[x] = r0[x] * w0
                    + r1[x] * w1
                    + r2[x] * w2
                    + r3[x] * w3
                    + r4[x] * w4
                    + r5[x] * w3
                    + r6[x] * w2
                    + r7[x] * w1
                    + r8[x] * w0;
        }
    }

    private void pack(int[] pixels, int to, int width) {
        int lane = width + 2 * RADIUS;
        for (int x = 0; x < width; x++) {
            pixels[to + x] = round(sum[x]) << 16 | round(sum[x + lane]) << 8 | round(sum[x + 2 * lane]);
        }
    }

    /** Adding 2^23 rounds half to even and leaves the integer in the low bits; Math.rint is much slower. */
    private static int round(float value) {
        return Float.floatToRawIntBits(value + 0x1p23f) & 0xff;
    }

    /** Position mirrored into 0 to {@code size - 1}: -1 is 1, {@code size} is {@code size - 2}. */
    private static int reflect(int at, int size) {
        if (size == 1) {
            return 0;
        }
        int i = at;
        while (i < 0 || i >= size) {
            i = i < 0 ? -i : 2 * (size - 1) - i;
        }
        return i;
    }
}
