package io.dino4j.zoo.picture;

import io.dino4j.zoo.PatchFeatures;
import java.util.Arrays;
import org.bytedeco.openblas.global.openblas;

/**
 * Mean and covariance of patches that come image by image, in double; memory does not grow with the number of images. Sums are taken of
 * differences from a fixed point near the data, so that no digits are lost where the mean is large.
 */
final class Covariance {
    /** Rows of one product: what is copied to double at a time. */
    private static final int CHUNK = 1024;

    private final int d;
    private final double[] origin;
    private final double[] sum;
    private final double[] products; // (D, D), the upper triangle by rows
    private long count;

    /**
     * Nothing yet.
     *
     * @param origin {@code [D]}, any point near the data
     */
    Covariance(double[] origin) {
        this.d = origin.length;
        this.origin = origin.clone();
        sum = new double[d];
        products = new double[Math.multiplyExact(d, d)];
    }

    /** Nothing yet, with the first patch of an image as the point near the data. */
    static Covariance near(PatchFeatures features) {
        double[] origin = new double[features.dimension()];
        Arrays.setAll(origin, j -> features.patches()[j]);
        return new Covariance(origin);
    }

    /** The mean patch of an image, {@code [D]}. */
    static double[] mean(PatchFeatures features) {
        int d = features.dimension();
        double[] mean = new double[d];
        for (int p = 0; p < features.numPatches(); p++) {
            for (int j = 0; j < d; j++) {
                mean[j] += features.patches()[p * d + j] / (double) features.numPatches();
            }
        }
        return mean;
    }

    /** Number of patches added. */
    long count() {
        return count;
    }

    /** Adds all patches of an image. */
    void add(PatchFeatures features) {
        add(features, all(features), origin);
    }

    /** Adds all patches of an image less their mean, as if every image had the mean {@code origin}. */
    void addCentred(PatchFeatures features) {
        add(features, all(features), mean(features));
    }

    private static boolean[] all(PatchFeatures features) {
        boolean[] all = new boolean[features.numPatches()];
        Arrays.fill(all, true);
        return all;
    }

    /**
     * Adds some patches of an image.
     *
     * @param keep {@code [h * w]}
     * @throws IllegalArgumentException if features are of another width than those before, or not finite
     */
    void add(PatchFeatures features, boolean[] keep) {
        add(features, keep, origin);
    }

    private void add(PatchFeatures features, boolean[] keep, double[] from) {
        if (features.dimension() != d) {
            throw new IllegalArgumentException(
                    "expected features of %d numbers as in the first image, got %d".formatted(d, features.dimension()));
        }
        double[] rows = new double[Math.min(CHUNK, keep.length) * d];
        int n = 0;
        for (int p = 0; p < keep.length; p++) {
            if (keep[p]) {
                copy(features.patches(), p * d, from, rows, n * d);
                n++;
            }
            if (n > 0 && (n == CHUNK || p == keep.length - 1)) {
                addProducts(rows, n);
                n = 0;
            }
        }
    }

    private void copy(float[] x, int at, double[] from, double[] rows, int to) {
        double check = 0;
        for (int j = 0; j < d; j++) {
            double difference = x[at + j] - from[j];
            rows[to + j] = difference;
            sum[j] += difference;
            check += difference;
        }
        if (!Double.isFinite(check)) {
            throw new IllegalArgumentException("patch features are not finite numbers: the weights may be damaged");
        }
    }

    private void addProducts(double[] rows, int n) {
        openblas.cblas_dsyrk(
                openblas.CblasRowMajor, openblas.CblasUpper, openblas.CblasTrans, d, n, 1, rows, d, 1, products, d);
        count += n;
    }

    /**
     * The leading axes, by LAPACK's {@code dsyevr}.
     *
     * @param wanted how many, at least 1; axes beyond {@code D} are zero
     */
    PrincipalAxes leading(int wanted) {
        double[] matrix = new double[d * d];
        double[] mean = new double[d];
        double total = 0;
        for (int i = 0; i < d; i++) {
            mean[i] = origin[i] + sum[i] / count;
            for (int j = i; j < d; j++) {
                matrix[i * d + j] = (products[i * d + j] - sum[i] * sum[j] / count) / count;
            }
            total += Math.max(0, matrix[i * d + i]);
        }
        int k = Math.min(wanted, d);
        double[] values = new double[d];
        double[] vectors = new double[k * d];
        eigen(matrix, k, values, vectors);
        double[][] axes = new double[wanted][d];
        double[] variances = new double[wanted];
        for (int c = 0; c < k; c++) {
            int from = (k - 1 - c) * d; // LAPACK's order is rising
            axes[c] = signed(Arrays.copyOfRange(vectors, from, from + d));
            variances[c] = Math.max(0, values[k - 1 - c]);
        }
        return new PrincipalAxes(mean, axes, variances, total);
    }

    /** The upper triangle by rows is the lower by columns. */
    private void eigen(double[] matrix, int k, double[] values, double[] vectors) {
        int info = openblas.LAPACKE_dsyevr(
                openblas.LAPACK_COL_MAJOR,
                (byte) 'V',
                (byte) 'I',
                (byte) 'L',
                d,
                matrix,
                d,
                0,
                0,
                d - k + 1,
                d,
                0,
                new int[1],
                values,
                vectors,
                d,
                new int[2 * k]);
        if (info != 0) {
            throw new IllegalStateException("LAPACK found no principal axes of patch features: dsyevr says " + info);
        }
    }

    private static double[] signed(double[] axis) {
        double largest = Arrays.stream(axis).reduce(0, (a, b) -> Math.abs(b) > Math.abs(a) ? b : a);
        return largest < 0 ? Arrays.stream(axis).map(a -> -a).toArray() : axis;
    }
}
