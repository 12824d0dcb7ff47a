package io.dino4j.graph.kernel.onednn;

import java.util.Arrays;

/**
 * Sums and maxima of float blocks. The compiler does not vectorise a reduction into one variable, but it does vectorise one into an
 * array of lanes, which are combined in double in a fixed order. Not thread-safe: the lanes are a field.
 */
final class Reduce {
    private static final int LANES = 128;

    private final float[] lanes = new float[LANES];

    /** {@code sum a[i] b[i]}. */
    double dot(float[] a, int ao, float[] b, int bo, int n) {
        Arrays.fill(lanes, 0);
        int whole = n / LANES * LANES;
        for (int o = 0; o < whole; o += LANES) {
            dotBlock(lanes, a, ao + o, b, bo + o);
        }
        double sum = total();
        for (int i = whole; i < n; i++) {
            sum += (double) a[ao + i] * b[bo + i];
        }
        return sum;
    }

    private static void dotBlock(float[] lanes, float[] a, int ao, float[] b, int bo) {
        for (int i = 0; i < LANES; i++) {
            lanes[i] += a[ao + i] * b[bo + i];
        }
    }

    /** {@code sum a[i]}. */
    double sum(float[] a, int n) {
        Arrays.fill(lanes, 0);
        int whole = n / LANES * LANES;
        for (int o = 0; o < whole; o += LANES) {
            sumBlock(lanes, a, o);
        }
        double sum = total();
        for (int i = whole; i < n; i++) {
            sum += a[i];
        }
        return sum;
    }

    private static void sumBlock(float[] lanes, float[] a, int ao) {
        for (int i = 0; i < LANES; i++) {
            lanes[i] += a[ao + i];
        }
    }

    /** The largest of the first {@code n > 0} elements. */
    float max(float[] a, int n) {
        Arrays.fill(lanes, a[0]);
        int whole = n / LANES * LANES;
        for (int o = 0; o < whole; o += LANES) {
            maxBlock(lanes, a, o);
        }
        float max = a[0];
        for (float lane : lanes) {
            max = Math.max(max, lane);
        }
        for (int i = whole; i < n; i++) {
            max = Math.max(max, a[i]);
        }
        return max;
    }

    private static void maxBlock(float[] lanes, float[] a, int ao) {
        for (int i = 0; i < LANES; i++) {
            lanes[i] = Math.max(lanes[i], a[ao + i]);
        }
    }

    private double total() {
        double sum = 0;
        for (float lane : lanes) {
            sum += lane;
        }
        return sum;
    }
}
