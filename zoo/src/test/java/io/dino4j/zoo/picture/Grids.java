package io.dino4j.zoo.picture;

import io.dino4j.zoo.PatchFeatures;
import java.util.SplittableRandom;

/** Made-up patch features: an object of four parts before a background, so that the answers are known. */
final class Grids {
    static final int D = 48;
    static final int HEIGHT = 10;
    static final int WIDTH = 14;

    /** Direction of "object", of the four parts, of what an image has as a whole. */
    private static final double[][] DIRECTIONS = directions();

    private Grids() {}

    private static double[][] directions() {
        SplittableRandom random = new SplittableRandom(11);
        double[][] directions = new double[8][D];
        for (double[] d : directions) {
            for (int j = 0; j < D; j++) {
                d[j] = random.nextGaussian() / Math.sqrt(D);
            }
        }
        return directions;
    }

    /** Part of a patch: 0 to 3 from left to right of the object, -1 for background. */
    static int part(int y, int x, int shift) {
        int left = 3 + shift;
        boolean inside = y >= 3 && y < 8 && x >= left && x < left + 8;
        return inside ? (x - left) / 2 : -1;
    }

    /**
     * One image.
     *
     * @param shift of the object to the right
     * @param tint how far the image as a whole is from others
     * @param scale of all features; -1 turns every sign
     */
    static PatchFeatures object(int shift, double tint, double scale, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] patches = new float[HEIGHT * WIDTH * D];
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                int part = part(y, x, shift);
                for (int j = 0; j < D; j++) {
                    double v = 3 + tint * DIRECTIONS[7][j] + 0.02 * random.nextGaussian();
                    v += part < 0 ? -4 * DIRECTIONS[0][j] : 4 * DIRECTIONS[0][j] + 2 * DIRECTIONS[1 + part][j];
                    patches[(y * WIDTH + x) * D + j] = (float) (scale * v);
                }
            }
        }
        return new PatchFeatures(HEIGHT, WIDTH, D, new float[D], patches);
    }

    /** Every patch a feature of its own. */
    static PatchFeatures noise(int height, int width, int d, double mean, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] patches = new float[height * width * d];
        for (int i = 0; i < patches.length; i++) {
            patches[i] = (float) (mean + (1 + i % d % 5) * random.nextGaussian());
        }
        return new PatchFeatures(height, width, d, new float[d], patches);
    }
}
