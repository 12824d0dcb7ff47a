package io.dino4j.data.image;

import java.util.Arrays;

/**
 * The weights of one axis of a bicubic resize, Pillow's: Keys' kernel with a = -1/2, widened by the scale when shrinking, in fixed point
 * of 22 bits. The arrays grow and are used again.
 *
 * <p>{@code w(x) = (a+2)|x|³ - (a+3)x² + 1} for |x| &lt; 1, {@code a(|x|³ - 5x² + 8|x| - 4)} for |x| &lt; 2.
 *
 * @see <a href="https://doi.org/10.1109/TASSP.1981.1163711">Keys, Cubic convolution interpolation, 1981</a>
 */
final class Taps {
    /** Bits of a weight after the point. */
    static final int PRECISION = 22;

    private static final double A = -0.5;

    private int[] first = new int[0];
    private int[] count = new int[0];
    private int[] weights = new int[0];
    private double[] exact = new double[0];
    private int stride;
    private boolean identity;

    /** First input position of each output position. */
    int[] first() {
        return first;
    }

    /** Number of input positions of each output position. */
    int[] count() {
        return count;
    }

    /** (out, stride) weights; those of one output position sum to about 2²², behind them are zeros. */
    int[] weights() {
        return weights;
    }

    /** Room per output position. */
    int stride() {
        return stride;
    }

    /** True if every output position is an input position; then there are no weights. */
    boolean isIdentity() {
        return identity;
    }

    /**
     * Of {@code in} positions resized to {@code size}, those from {@code from} on, {@code out} of them.
     *
     * @param extent of the positions, {@code in} unless the last one is a part of a position only
     */
    void set(int in, double extent, int size, int from, int out) {
        identity = in == size && extent == size;
        if (first.length < out) {
            first = new int[out];
            count = new int[out];
        }
        if (identity) {
            stride = 1;
            for (int x = 0; x < out; x++) {
                first[x] = from + x;
                count[x] = 1;
            }
            return;
        }
        double scale = extent / size;
        double filterScale = Math.max(scale, 1);
        double support = 2 * filterScale;
        stride = (int) Math.ceil(support) * 2 + 1;
        reserve(out);
        double inverse = 1 / filterScale;
        for (int x = 0; x < out; x++) {
            double center = (from + x + 0.5) * scale;
            first[x] = Math.max(0, (int) (center - support + 0.5));
            count[x] = Math.min(in, (int) (center + support + 0.5)) - first[x];
            fill(x * stride, count[x], first[x] - center + 0.5, inverse);
        }
    }

    private void reserve(int out) {
        if (weights.length < out * stride) {
            weights = new int[out * stride];
        } else {
            Arrays.fill(weights, 0, out * stride, 0);
        }
        if (exact.length < stride) {
            exact = new double[stride];
        }
    }

    private void fill(int at, int taps, double distance, double inverse) {
        double total = 0;
        for (int k = 0; k < taps; k++) {
            exact[k] = kernel((k + distance) * inverse);
            total += exact[k];
        }
        double norm = total == 0 ? 1 : 1 / total;
        for (int k = 0; k < taps; k++) {
            double fixed = exact[k] * norm * (1 << PRECISION);
            weights[at + k] = (int) (fixed < 0 ? fixed - 0.5 : fixed + 0.5);
        }
    }

    private static double kernel(double x) {
        double t = Math.abs(x);
        if (t < 1) {
            return ((A + 2) * t - (A + 3)) * t * t + 1;
        }
        return t < 2 ? (((t - 5) * t + 8) * t - 4) * A : 0;
    }
}
