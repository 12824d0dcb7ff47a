package io.dino4j.data.curation.copy;

import io.dino4j.data.Seed;
import java.util.random.RandomGenerator;

/**
 * The main directions of a sample, each scaled to variance 1 (Jegou and Chum, 2012): what many images share, such as sky or grass, counts no more
 * than what few do.
 *
 * @param mean (M) of the sample
 * @param directions (D, M) scaled by the inverse of their standard deviation
 */
record Whitening(float[] mean, float[][] directions) {
    /** Rounds of subspace iteration. Directions of nearly equal variance need not be told apart: after scaling any turn among them is as good. */
    private static final int ROUNDS = 20;

    /** Variance below this part of the largest one counts as this much. */
    private static final float LEAST_VARIANCE = 1e-4f;

    /**
     * Finds the directions from the inner products of the samples, of which there are fewer than numbers in one.
     *
     * @param samples (N, M)
     * @param dimension D, at most N
     */
    static Whitening of(float[][] samples, int dimension, Seed seed) {
        int n = samples.length;
        float[] mean = mean(samples);
        float[][] centred = new float[n][];
        for (int i = 0; i < n; i++) {
            centred[i] = samples[i].clone();
            MatrixProduct.add(-1, mean, centred[i]);
        }
        float[][] inner = MatrixProduct.of(centred, MatrixProduct.transposed(centred)); // [N, N]
        RandomGenerator rng = seed.at(0, 0);
        float[][] basis = new float[dimension][n];
        for (float[] row : basis) {
            for (int i = 0; i < n; i++) {
                row[i] = (float) rng.nextGaussian();
            }
        }
        orthonormalize(basis);
        for (int round = 0; round < ROUNDS; round++) {
            basis = MatrixProduct.of(basis, inner);
            orthonormalize(basis);
        }
        float[][] image = MatrixProduct.of(basis, inner);
        float[][] directions = MatrixProduct.of(basis, centred);
        double largest = MatrixProduct.dot(basis[0], image[0]);
        for (int d = 0; d < dimension; d++) {
            double squares = Math.max(MatrixProduct.dot(basis[d], image[d]), LEAST_VARIANCE * largest);
            float factor = (float) (Math.sqrt(n) / Math.max(squares, 1e-12));
            for (int j = 0; j < mean.length; j++) {
                directions[d][j] *= factor;
            }
        }
        return new Whitening(mean, directions);
    }

    /** (M) to (D), of length 1. */
    float[] apply(float[] vector) {
        float[] centred = vector.clone();
        MatrixProduct.add(-1, mean, centred);
        float[] out = new float[directions.length];
        for (int d = 0; d < out.length; d++) {
            out[d] = dot(directions[d], centred);
        }
        MatrixProduct.normalize(out);
        return out;
    }

    /** Eight sums side by side: a processor adds to one of them while the others are still under way. */
    private static float dot(float[] a, float[] b) {
        float[] sums = new float[8];
        int whole = a.length - a.length % 8;
        for (int i = 0; i < whole; i += 8) {
            for (int k = 0; k < 8; k++) {
                sums[k] += a[i + k] * b[i + k];
            }
        }
        float sum = 0;
        for (float part : sums) {
            sum += part;
        }
        for (int i = whole; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static float[] mean(float[][] samples) {
        float[] mean = new float[samples[0].length];
        for (float[] sample : samples) {
            MatrixProduct.add(1f / samples.length, sample, mean);
        }
        return mean;
    }

    /** Gram and Schmidt, in place, row by row. */
    private static void orthonormalize(float[][] rows) {
        for (int i = 0; i < rows.length; i++) {
            MatrixProduct.normalize(rows[i]);
            for (int j = 0; j < i; j++) {
                MatrixProduct.add((float) -MatrixProduct.dot(rows[i], rows[j]), rows[j], rows[i]);
            }
            MatrixProduct.normalize(rows[i]);
        }
    }
}
