package io.dino4j.data.curation.copy;

import io.dino4j.data.Seed;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * VLAD (Jegou et al., 2010): for each of K typical descriptors, the sum of the directions in which an image's descriptors near it lie off.
 * Directions of length 1, as in triangulation embedding, and roots of the sums, so that repeated texture does not outweigh the rest. Each
 * descriptor is counted together with that of the mirror image, which makes the result the same for both.
 *
 * @param centres (K, 128)
 */
record Codebook(float[][] centres) {
    /** Typical descriptors, K. */
    static final int SIZE = 64;

    /** Descriptors that they are learnt from, at most. */
    private static final int SAMPLE = 20_000;

    private static final int ROUNDS = 12;

    /**
     * K-means of descriptors drawn from the images, each as it is or mirrored. Not that of {@code data.vector}: begun by k-means++ and by cosine it made
     * a codebook with which copies of drawings were no longer nearer than other drawings.
     */
    static Codebook learn(List<LocalFeatures> images, Seed seed) {
        float[][] sample = sample(images, seed);
        RandomGenerator rng = seed.at(1, 0);
        float[][] centres = new float[SIZE][];
        for (int k = 0; k < SIZE; k++) {
            centres[k] = sample[rng.nextInt(sample.length)].clone();
        }
        for (int round = 0; round < ROUNDS; round++) {
            Codebook now = new Codebook(centres);
            float[][] columns = MatrixProduct.transposed(centres);
            float[] squares = now.squares();
            int[] nearest = IntStream.range(0, sample.length)
                    .parallel()
                    .map(i -> nearest(sample[i], 0, columns, squares))
                    .toArray();
            centres = means(sample, nearest, centres);
        }
        return new Codebook(centres);
    }

    /** (K 128) numbers of length 1; zeros without key points. */
    float[] encode(LocalFeatures image) {
        int length = LocalFeatures.LENGTH;
        float[] sums = new float[centres.length * length];
        float[][] columns = MatrixProduct.transposed(centres);
        float[] squares = squares();
        float[] mirrored = new float[length];
        for (int i = 0; i < image.count(); i++) {
            add(image.descriptors(), i * length, columns, squares, sums);
            LocalFeatures.mirror(image.descriptors(), i * length, mirrored, 0);
            add(mirrored, 0, columns, squares, sums);
        }
        for (int i = 0; i < sums.length; i++) {
            sums[i] = (float) (Math.signum(sums[i]) * Math.sqrt(Math.abs(sums[i])));
        }
        MatrixProduct.normalize(sums);
        return sums;
    }

    private void add(float[] descriptors, int at, float[][] columns, float[] squares, float[] sums) {
        int k = nearest(descriptors, at, columns, squares);
        float[] centre = centres[k];
        double square = 0;
        for (int j = 0; j < centre.length; j++) {
            double off = descriptors[at + j] - centre[j];
            square += off * off;
        }
        float factor = (float) (1 / Math.max(1e-6, Math.sqrt(square)));
        int start = k * centre.length;
        for (int j = 0; j < centre.length; j++) {
            sums[start + j] += factor * (descriptors[at + j] - centre[j]);
        }
    }

    private float[] squares() {
        float[] squares = new float[centres.length];
        for (int k = 0; k < squares.length; k++) {
            squares[k] = (float) MatrixProduct.dot(centres[k], centres[k]);
        }
        return squares;
    }

    private static int nearest(float[] descriptors, int at, float[][] columns, float[] squares) {
        float[] inner = new float[squares.length];
        for (int j = 0; j < columns.length; j++) {
            if (descriptors[at + j] != 0) {
                MatrixProduct.add(descriptors[at + j], columns[j], inner);
            }
        }
        int best = 0;
        for (int k = 1; k < squares.length; k++) {
            if (squares[k] - 2 * inner[k] < squares[best] - 2 * inner[best]) {
                best = k;
            }
        }
        return best;
    }

    private static float[][] sample(List<LocalFeatures> images, Seed seed) {
        long all = 0;
        for (LocalFeatures image : images) {
            all += image.count();
        }
        double part = Math.min(1, (double) SAMPLE / Math.max(1, all));
        List<float[]> sample = new ArrayList<>();
        for (int i = 0; i < images.size(); i++) {
            RandomGenerator rng = seed.at(0, i);
            LocalFeatures image = images.get(i);
            for (int p = 0; p < image.count(); p++) {
                if (rng.nextDouble() < part) {
                    float[] one = new float[LocalFeatures.LENGTH];
                    if (rng.nextBoolean()) {
                        LocalFeatures.mirror(image.descriptors(), p * one.length, one, 0);
                    } else {
                        System.arraycopy(image.descriptors(), p * one.length, one, 0, one.length);
                    }
                    sample.add(one);
                }
            }
        }
        return sample.toArray(float[][]::new);
    }

    /** A centre that nothing is near to stays where it is. */
    private static float[][] means(float[][] sample, int[] nearest, float[][] before) {
        float[][] sums = new float[before.length][LocalFeatures.LENGTH];
        int[] counts = new int[before.length];
        for (int i = 0; i < sample.length; i++) {
            counts[nearest[i]]++;
            MatrixProduct.add(1, sample[i], sums[nearest[i]]);
        }
        for (int k = 0; k < sums.length; k++) {
            float[] mean = before[k].clone();
            if (counts[k] > 0) {
                java.util.Arrays.fill(mean, 0);
                MatrixProduct.add(1f / counts[k], sums[k], mean);
            }
            sums[k] = mean;
        }
        return sums;
    }
}
