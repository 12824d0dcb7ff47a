package io.dino4j.examples.benchmark;

import io.dino4j.data.Seed;
import java.util.random.RandomGenerator;

/**
 * Made-up vectors that are spread as those of images are: groups of groups, more variance in some directions than in others, and
 * near-duplicates at cosines of {@value #LEAST_COSINE} to {@value #MOST_COSINE}. Row i is the same however many there are.
 */
final class SyntheticVectors {
    /** One row in so many is a near-duplicate of an earlier one. */
    static final int DUPLICATE_EVERY = 10;

    /** Similarity of a near-duplicate and what it was made from: drawn evenly from here ... */
    static final double LEAST_COSINE = 0.7;

    /** ... to here. */
    static final double MOST_COSINE = 0.99;

    private static final int THEMES = 64;
    private static final int GROUPS = 4000;
    private static final double THEME = 0.7;
    private static final double GROUP = 0.8;
    private static final double OWN = 0.9;

    private final int dimension;
    private final Seed seed;
    private final float[][] groups;
    private final double[] spectrum;

    SyntheticVectors(int dimension, long seed) {
        this.dimension = dimension;
        this.seed = new Seed(seed);
        this.spectrum = new double[dimension];
        double sum = 0;
        for (int j = 0; j < dimension; j++) {
            // places spread by a multiplication, so that neighbouring numbers are not of like size
            spectrum[j] = 1 / Math.sqrt(1 + (j * 7919L % dimension) / 8.0);
            sum += spectrum[j] * spectrum[j];
        }
        for (int j = 0; j < dimension; j++) {
            spectrum[j] /= Math.sqrt(sum);
        }
        float[][] themes = new float[THEMES][];
        for (int t = 0; t < THEMES; t++) {
            themes[t] = noise(this.seed.at(-1, t), 1, new float[dimension]);
        }
        groups = new float[GROUPS][];
        for (int g = 0; g < GROUPS; g++) {
            float[] theme = themes[g % THEMES].clone();
            for (int j = 0; j < dimension; j++) {
                theme[j] *= (float) THEME;
            }
            groups[g] = noise(this.seed.at(-2, g), GROUP, theme);
        }
    }

    /** Adds noise of about a length. */
    private float[] noise(RandomGenerator random, double length, float[] to) {
        for (int j = 0; j < dimension; j++) {
            to[j] += (float) (length * spectrum[j] * random.nextGaussian());
        }
        return to;
    }

    /** Fills in one row, of length 1. */
    void row(int i, float[] out, int at) {
        float[] row = unit(plain(isDuplicate(i) ? original(i) : i));
        if (isDuplicate(i)) {
            RandomGenerator random = seed.at(i, 1);
            double cosine = cosine(i);
            float[] off = noise(random, 1, new float[dimension]);
            double along = dot(off, row);
            for (int j = 0; j < dimension; j++) {
                off[j] -= (float) along * row[j];
            }
            unit(off);
            double sine = Math.sqrt(1 - cosine * cosine);
            for (int j = 0; j < dimension; j++) {
                row[j] = (float) (cosine * row[j] + sine * off[j]);
            }
        }
        System.arraycopy(row, 0, out, at, dimension);
    }

    /** Similarity of a near-duplicate and its original. */
    double cosine(int i) {
        return LEAST_COSINE + (MOST_COSINE - LEAST_COSINE) * seed.at(i, 3).nextDouble();
    }

    private static float[] unit(float[] row) {
        float scale = (float) (1 / Math.sqrt(dot(row, row)));
        for (int j = 0; j < row.length; j++) {
            row[j] *= scale;
        }
        return row;
    }

    private static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int j = 0; j < a.length; j++) {
            sum += (double) a[j] * b[j];
        }
        return sum;
    }

    private float[] plain(int i) {
        RandomGenerator random = seed.at(i, 0);
        // small groups and large ones
        double u = random.nextDouble();
        return noise(random, OWN, groups[(int) (u * u * GROUPS)].clone());
    }

    static boolean isDuplicate(int i) {
        return i % DUPLICATE_EVERY == DUPLICATE_EVERY - 1;
    }

    /** The row that a near-duplicate was made from. */
    int original(int i) {
        int pick = seed.at(i, 2).nextInt(i);
        return isDuplicate(pick) ? pick - 1 : pick;
    }
}
