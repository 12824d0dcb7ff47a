package io.dino4j.graph.kernel.onednn;

import java.util.Arrays;

/**
 * Sums and maxima of float blocks. The compiler does not vectorise a reduction into one variable, but it does vectorise
 * one into an array of lanes, which are then folded by halves in a fixed order. Not thread-safe: the lanes are a field.
 */
final class Reduce {
    private static final int LANES = 512;
    private static final int LAST = 16;

    private final float[] lanes = new float[LANES];

    /** {@code sum a[i] b[i]}. */
    double dot(float[] a, int ao, float[] b, int bo, int n) {
        return n < LANES ? shortDot(a, ao, b, bo, n) : longDot(a, ao, b, bo, n);
    }

    /** Folding the lanes would cost more than the products of a short row. */
    private static double shortDot(float[] a, int ao, float[] b, int bo, int n) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        int whole = n & ~3;
        for (int i = 0; i < whole; i += 4) {
            s0 += a[ao + i] * b[bo + i];
            s1 += a[ao + i + 1] * b[bo + i + 1];
            s2 += a[ao + i + 2] * b[bo + i + 2];
            s3 += a[ao + i + 3] * b[bo + i + 3];
        }
        double sum = (double) (s0 + s1) + (s2 + s3);
        for (int i = whole; i < n; i++) {
            sum += a[ao + i] * b[bo + i];
        }
        return sum;
    }

    private double longDot(float[] a, int ao, float[] b, int bo, int n) {
        Arrays.fill(lanes, 0);
        for (int o = 0; o < n; o += LANES) {
            addProducts(lanes, a, ao + o, b, bo + o, Math.min(LANES, n - o));
        }
        return total();
    }

    private static void addProducts(float[] lanes, float[] a, int ao, float[] b, int bo, int n) {
        for (int i = 0; i < n; i++) {
            lanes[i] += a[ao + i] * b[bo + i];
        }
    }

    /** {@code sum a[i]}. */
    double sum(float[] a, int n) {
        Arrays.fill(lanes, 0);
        for (int o = 0; o < n; o += LANES) {
            add(lanes, 0, a, o, Math.min(LANES, n - o));
        }
        return total();
    }

    private static void add(float[] sum, int so, float[] a, int ao, int n) {
        for (int i = 0; i < n; i++) {
            sum[so + i] += a[ao + i];
        }
    }

    /** The largest of the first {@code n > 0} elements. */
    float max(float[] a, int n) {
        Arrays.fill(lanes, a[0]);
        for (int o = 0; o < n; o += LANES) {
            larger(lanes, a, o, Math.min(LANES, n - o));
        }
        for (int half = LANES / 2; half >= LAST; half /= 2) {
            larger(lanes, lanes, half, half);
        }
        float max = lanes[0];
        for (int i = 1; i < LAST; i++) {
            max = Math.max(max, lanes[i]);
        }
        return max;
    }

    private static void larger(float[] largest, float[] a, int ao, int n) {
        for (int i = 0; i < n; i++) {
            largest[i] = Math.max(largest[i], a[ao + i]);
        }
    }

    private double total() {
        for (int half = LANES / 2; half >= LAST; half /= 2) {
            add(lanes, 0, lanes, half, half);
        }
        double sum = 0;
        for (int i = 0; i < LAST; i++) {
            sum += lanes[i];
        }
        return sum;
    }
}
