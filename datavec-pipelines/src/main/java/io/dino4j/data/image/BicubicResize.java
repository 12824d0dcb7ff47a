package io.dino4j.data.image;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Pillow's bicubic resize of 8-bit images, bit for bit: Keys' kernel with a = -1/2, widened by the scale when shrinking
 * (antialiasing), weights in 22-bit fixed point, one horizontal and then one vertical pass, each rounded to 8 bit.
 *
 * <p>{@code w(x) = (a+2)|x|³ - (a+3)x² + 1} for |x| &lt; 1, {@code a(|x|³ - 5x² + 8|x| - 4)} for |x| &lt; 2.
 *
 * @see <a href="https://doi.org/10.1109/TASSP.1981.1163711">Keys, Cubic convolution interpolation, 1981</a>
 */
public final class BicubicResize {
    private static final int PRECISION = 22;
    private static final int HALF = 1 << (PRECISION - 1);
    private static final double A = -0.5;
    private static final int FEW = 4;

    private BicubicResize() {}

    /**
     * Cuts out a box and resizes it. The cut comes first: no pixel outside the box contributes.
     *
     * @param image source
     * @param box part of the source to keep
     * @param width columns of the result
     * @param height rows of the result
     * @return a new image of (height, width)
     */
    public static Image cropResize(Image image, Box box, int width, int height) {
        return resize(image, box, width, height, new Box(0, 0, height, width));
    }

    /**
     * Resizes a whole image and cuts out a box of the result; only what is kept is worked out, to the same pixels.
     *
     * @param image source
     * @param width columns of the resized image
     * @param height rows of the resized image
     * @param kept part of the resized image
     * @return a new image of the size of {@code kept}, or {@code image} itself if nothing is to do
     */
    public static Image resizeCrop(Image image, int width, int height, Box kept) {
        boolean whole = kept.equals(image.bounds());
        return whole && width == image.width() && height == image.height()
                ? image
                : resize(image, image.bounds(), width, height, kept);
    }

    private static Image resize(Image image, Box box, int width, int height, Box kept) {
        box.requireInside(image);
        if (width <= 0 || height <= 0) {
            throw new IllegalArgumentException("cannot resize to %dx%d".formatted(width, height));
        }
        if (kept.top() < 0
                || kept.left() < 0
                || kept.top() + kept.height() > height
                || kept.left() + kept.width() > width) {
            throw new IllegalArgumentException("%s is not inside %dx%d pixels".formatted(kept, width, height));
        }
        Taps rows = Taps.of(box.height(), height, kept.top(), kept.height());
        int from = rows.first[0];
        int last = kept.height() - 1;
        int count = rows.first[last] + rows.count[last] - from;
        Box read = new Box(box.top() + from, box.left(), count, box.width());
        int[][] narrowed = horizontal(image, read, Taps.of(box.width(), width, kept.left(), kept.width()));
        byte[] out = new byte[3 * kept.width() * kept.height()];
        vertical(narrowed, from, out, rows);
        return new Image(kept.width(), kept.height(), out);
    }

    /** The box with its rows resized, as (box height, 3 width) integers 0 to 255. */
    private static int[][] horizontal(Image image, Box box, Taps taps) {
        byte[] in = image.rgb();
        int width = taps.first.length;
        int[][] out = new int[box.height()][3 * width];
        int stride = 3 * image.width();
        int start = box.top() * stride + 3 * box.left();
        if (taps.isIdentity) {
            for (int y = 0; y < box.height(); y++) {
                widen(in, start + y * stride + 3 * taps.first[0], out[y], 3 * width);
            }
            return out;
        }
        int[] row = new int[3 * (box.width() + FEW)]; // room for the zero weights behind a short list of taps
        for (int y = 0; y < box.height(); y++) {
            widen(in, start + y * stride, row, 3 * box.width());
            if (taps.stride <= FEW + 1) {
                fewTaps(row, taps, out[y]);
            } else {
                manyTaps(row, taps, out[y]);
            }
        }
        return out;
    }

    private static void widen(byte[] in, int from, int[] out, int length) {
        for (int x = 0; x < length; x++) {
            out[x] = in[from + x] & 0xff;
        }
    }

    /** Enlarging takes at most four taps: written out, because a loop of four costs more than its work. */
    private static void fewTaps(int[] row, Taps taps, int[] out) {
        int[] weights = taps.weights;
        for (int x = 0, o = 0; o < out.length; x++, o += 3) {
            int i = 3 * taps.first[x];
            int k = x * taps.stride;
            int w0 = weights[k];
            int w1 = weights[k + 1];
            int w2 = weights[k + 2];
            int w3 = weights[k + 3];
            int r = HALF + row[i] * w0 + row[i + 3] * w1 + row[i + 6] * w2 + row[i + 9] * w3;
            int g = HALF + row[i + 1] * w0 + row[i + 4] * w1 + row[i + 7] * w2 + row[i + 10] * w3;
            int b = HALF + row[i + 2] * w0 + row[i + 5] * w1 + row[i + 8] * w2 + row[i + 11] * w3;
            out[o] = clip(r >> PRECISION);
            out[o + 1] = clip(g >> PRECISION);
            out[o + 2] = clip(b >> PRECISION);
        }
    }

    private static void manyTaps(int[] row, Taps taps, int[] out) {
        int[] weights = taps.weights;
        for (int x = 0, o = 0; o < out.length; x++, o += 3) {
            int r = HALF;
            int g = HALF;
            int b = HALF;
            int i = 3 * taps.first[x];
            int k = x * taps.stride;
            for (int end = k + taps.count[x]; k < end; k++, i += 3) {
                int w = weights[k];
                r += row[i] * w;
                g += row[i + 1] * w;
                b += row[i + 2] * w;
            }
            out[o] = clip(r >> PRECISION);
            out[o + 1] = clip(g >> PRECISION);
            out[o + 2] = clip(b >> PRECISION);
        }
    }

    /**
     * The columns resized.
     *
     * @param in rows of the source from number {@code from} on
     */
    private static void vertical(int[][] in, int from, byte[] out, Taps taps) {
        int length = in[0].length;
        int[] sum = new int[length];
        for (int y = 0, o = 0; y < taps.first.length; y++, o += length) {
            int first = taps.first[y] - from;
            if (taps.isIdentity) {
                for (int x = 0; x < length; x++) {
                    out[o + x] = (byte) in[first][x];
                }
                continue;
            }
            Arrays.fill(sum, HALF);
            for (int k = 0; k < taps.count[y]; k++) {
                addScaled(sum, in[first + k], taps.weights[y * taps.stride + k]);
            }
            for (int x = 0; x < length; x++) {
                out[o + x] = (byte) clip(sum[x] >> PRECISION);
            }
        }
    }

    /** Arrays of their own, because the compiler makes no vector loop of variable offsets into one array. */
    private static void addScaled(int[] sum, int[] row, int weight) {
        for (int x = 0; x < sum.length; x++) {
            sum[x] += row[x] * weight;
        }
    }

    private static int clip(int value) {
        return Math.max(0, Math.min(255, value));
    }

    private static double kernel(double x) {
        double t = Math.abs(x);
        if (t < 1) {
            return ((A + 2) * t - (A + 3)) * t * t + 1;
        }
        return t < 2 ? (((t - 5) * t + 8) * t - 4) * A : 0;
    }

    /**
     * The weights of one axis.
     *
     * @param first first input position of each output position
     * @param count number of input positions of each output position
     * @param weights (out, stride) fixed-point weights; those of one output position sum to about 2²²
     * @param stride room per output position
     * @param isIdentity true if every output position is an input position
     */
    private record Taps(int[] first, int[] count, int[] weights, int stride, boolean isIdentity) {
        /** Of {@code in} positions resized to {@code size}, those from {@code from} on, {@code out} of them. */
        static Taps of(int in, int size, int from, int out) {
            if (in == size) {
                int[] same = IntStream.range(from, from + out).toArray();
                int[] one = new int[out];
                Arrays.fill(one, 1);
                return new Taps(same, one, new int[0], 0, true);
            }
            double scale = (double) in / size;
            double filterScale = Math.max(scale, 1);
            double support = 2 * filterScale;
            int stride = (int) Math.ceil(support) * 2 + 1;
            int[] first = new int[out];
            int[] count = new int[out];
            int[] weights = new int[out * stride];
            double[] w = new double[stride];
            double inverse = 1 / filterScale;
            for (int x = 0; x < out; x++) {
                double center = (from + x + 0.5) * scale;
                first[x] = Math.max(0, (int) (center - support + 0.5));
                count[x] = Math.min(in, (int) (center + support + 0.5)) - first[x];
                double total = 0;
                for (int k = 0; k < count[x]; k++) {
                    w[k] = kernel((k + first[x] - center + 0.5) * inverse);
                    total += w[k];
                }
                double norm = total == 0 ? 1 : 1 / total;
                for (int k = 0; k < count[x]; k++) {
                    double fixed = w[k] * norm * (1 << PRECISION);
                    weights[x * stride + k] = (int) (fixed < 0 ? fixed - 0.5 : fixed + 0.5);
                }
            }
            return new Taps(first, count, weights, stride, false);
        }
    }
}
