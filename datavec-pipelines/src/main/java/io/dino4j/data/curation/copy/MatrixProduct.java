package io.dino4j.data.curation.copy;

import java.util.stream.IntStream;

/** Products of small matrices, each sum in the order of its index: the same numbers for any number of threads. */
final class MatrixProduct {
    /** Rows that a row of the second matrix is used for while it is in the cache. */
    private static final int BLOCK = 8;

    private MatrixProduct() {}

    /** {@code a b}: rows of [n, m] times [m, c]. */
    static float[][] of(float[][] a, float[][] b) {
        int columns = b[0].length;
        float[][] out = new float[a.length][columns];
        IntStream.range(0, (a.length + BLOCK - 1) / BLOCK).parallel().forEach(block -> {
            int last = Math.min(a.length, (block + 1) * BLOCK);
            for (int k = 0; k < b.length; k++) {
                float[] row = b[k];
                for (int i = block * BLOCK; i < last; i++) {
                    add(a[i][k], row, out[i]);
                }
            }
        });
        return out;
    }

    /** {@code out += factor row}. */
    static void add(float factor, float[] row, float[] out) {
        for (int j = 0; j < out.length; j++) {
            out[j] += factor * row[j];
        }
    }

    static float[][] transposed(float[][] a) {
        float[][] out = new float[a[0].length][a.length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < out.length; j++) {
                out[j][i] = a[i][j];
            }
        }
        return out;
    }

    static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }

    /** Scales to length 1; a row of zeros stays one. */
    static void normalize(float[] row) {
        float factor = (float) (1 / Math.max(1e-12, Math.sqrt(dot(row, row))));
        for (int i = 0; i < row.length; i++) {
            row[i] *= factor;
        }
    }
}
