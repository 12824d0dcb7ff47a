package io.dino4j.data.image;

import java.util.random.RandomGenerator;

/**
 * Gaussian blur with a 9x9 kernel of the sampled bell curve, float arithmetic, borders reflected without repeating the
 * edge pixel, result rounded half to even. It runs as two passes of 9 taps; torchvision's single pass of 81 taps
 * differs by float rounding only.
 *
 * <p>{@code k(x) = exp(-x² / 2σ²) / Σ}, x = -4 … 4.
 */
public final class GaussianBlur extends Transform {
    private static final int RADIUS = 4;
    private final Range sigma;

    /** The recipe's blur: σ uniform in 0.1 to 2 pixels. */
    public GaussianBlur() {
        this(new Range(0.1, 2));
    }

    /**
     * Makes the transform.
     *
     * @param sigma standard deviation in pixels, positive, drawn uniformly
     */
    public GaussianBlur(Range sigma) {
        this.sigma = sigma;
    }

    @Override
    public Image apply(Image image, RandomGenerator rng) {
        return blur(image, sigma.draw(rng));
    }

    /**
     * Blurs an image.
     *
     * @param image source
     * @param sigma standard deviation in pixels, positive
     * @return a new image of the same size
     */
    public static Image blur(Image image, double sigma) {
        if (!(sigma > 0)) {
            throw new IllegalArgumentException("sigma must be positive, got " + sigma);
        }
        float[] kernel = kernel((float) sigma);
        int height = image.height();
        int stride = 3 * image.width();
        float[][] rows = new float[height][stride];
        blurRows(image, kernel, rows);
        byte[] out = new byte[stride * height];
        float[] sum = new float[stride];
        float[][] taps = new float[kernel.length][];
        for (int y = 0; y < height; y++) {
            for (int k = 0; k < taps.length; k++) {
                taps[k] = rows[reflect(y + k - RADIUS, height)];
            }
            sumRows(taps, kernel, sum);
            for (int x = 0, o = y * stride; x < stride; x++) {
                // Adding 2^23 rounds half to even and leaves the integer in the low bits; Math.rint is much slower.
                out[o + x] = (byte) Float.floatToRawIntBits(sum[x] + 0x1p23f);
            }
        }
        return new Image(image.width(), height, out);
    }

    private static void blurRows(Image image, float[] kernel, float[][] rows) {
        byte[] in = image.rgb();
        int width = image.width();
        int stride = 3 * width;
        float[] padded = new float[stride + 6 * RADIUS];
        for (int y = 0; y < image.height(); y++) {
            int from = y * stride;
            for (int x = 0; x < stride; x++) {
                padded[3 * RADIUS + x] = in[from + x] & 0xff;
            }
            for (int x = 1; x <= RADIUS; x++) {
                for (int c = 0; c < 3; c++) {
                    padded[3 * (RADIUS - x) + c] = in[from + 3 * reflect(-x, width) + c] & 0xff;
                    padded[3 * (RADIUS + width - 1 + x) + c] = in[from + 3 * reflect(width - 1 + x, width) + c] & 0xff;
                }
            }
            sumPixels(padded, kernel, rows[y]);
        }
    }

    /**
     * Nine neighbours in a row. Written out with constant offsets, so that the compiler makes one vector loop of it.
     */
    private static void sumPixels(float[] in, float[] kernel, float[] sum) {
        float w0 = kernel[0];
        float w1 = kernel[1];
        float w2 = kernel[2];
        float w3 = kernel[3];
        float w4 = kernel[4];
        for (int x = 0; x < sum.length; x++) { // the kernel is symmetric
            sum[x] = in[x] * w0
                    + in[x + 3] * w1
                    + in[x + 6] * w2
                    + in[x + 9] * w3
                    + in[x + 12] * w4
                    + in[x + 15] * w3
                    + in[x + 18] * w2
                    + in[x + 21] * w1
                    + in[x + 24] * w0;
        }
    }

    /** Nine rows. Arrays of their own, because the compiler makes no vector loop of variable offsets into one array. */
    private static void sumRows(float[][] rows, float[] kernel, float[] sum) {
        float[] r0 = rows[0];
        float[] r1 = rows[1];
        float[] r2 = rows[2];
        float[] r3 = rows[3];
        float[] r4 = rows[4];
        float[] r5 = rows[5];
        float[] r6 = rows[6];
        float[] r7 = rows[7];
        float[] r8 = rows[8];
        float w0 = kernel[0];
        float w1 = kernel[1];
        float w2 = kernel[2];
        float w3 = kernel[3];
        float w4 = kernel[4];
        for (int x = 0; x < sum.length; x++) {
            sum[x] = r0[x] * w0
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

    private static float[] kernel(float sigma) {
        float[] kernel = new float[2 * RADIUS + 1];
        float total = 0;
        for (int k = 0; k < kernel.length; k++) {
            float x = (k - RADIUS) / sigma;
            kernel[k] = (float) Math.exp(-0.5f * (x * x));
            total += kernel[k];
        }
        for (int k = 0; k < kernel.length; k++) {
            kernel[k] /= total;
        }
        return kernel;
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
