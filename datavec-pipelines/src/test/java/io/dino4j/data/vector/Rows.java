package io.dino4j.data.vector;

import io.dino4j.data.Seed;
import java.util.random.RandomGenerator;

/** Made-up vectors. */
final class Rows {
    private Rows() {}

    /** Directions without a plan, of length 1. */
    static float[] random(int n, int d, long seed) {
        RandomGenerator random = new Seed(seed).at(0, 0);
        float[] rows = new float[n * d];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = (float) random.nextGaussian();
        }
        return unit(rows, d);
    }

    /** Small whole numbers: their products are exact in any order, and there are many equal ones. */
    static float[] whole(int n, int d, long seed) {
        RandomGenerator random = new Seed(seed).at(0, 0);
        float[] rows = new float[n * d];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = random.nextInt(-2, 3);
        }
        return rows;
    }

    /** Rows around {@code clusters} random directions, one after another in turn; of length 1. */
    static float[] planted(int n, int d, int clusters, double spread, long seed) {
        float[] centres = random(clusters, d, seed);
        RandomGenerator random = new Seed(seed).at(1, 0);
        float[] rows = new float[n * d];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < d; j++) {
                rows[i * d + j] =
                        (float) (centres[i % clusters * d + j] + spread / Math.sqrt(d) * random.nextGaussian());
            }
        }
        return unit(rows, d);
    }

    static float[] unit(float[] rows, int d) {
        for (int i = 0; i < rows.length; i += d) {
            double square = 0;
            for (int j = i; j < i + d; j++) {
                square += rows[j] * rows[j];
            }
            for (int j = i; j < i + d; j++) {
                rows[j] /= (float) Math.sqrt(square);
            }
        }
        return rows;
    }

    static double dot(float[] a, int i, float[] b, int j, int d) {
        double sum = 0;
        for (int x = 0; x < d; x++) {
            sum += (double) a[i * d + x] * b[j * d + x];
        }
        return sum;
    }
}
