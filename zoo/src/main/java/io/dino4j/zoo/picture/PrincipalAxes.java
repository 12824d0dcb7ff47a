package io.dino4j.zoo.picture;

import io.dino4j.zoo.PatchFeatures;

/**
 * The directions in which features vary most.
 *
 * @param mean {@code [D]}
 * @param axes {@code [k][D]} unit length, orthogonal, by falling variance; the entry of largest size is positive, since the sign is
 *     arbitrary
 * @param variances {@code [k]} along each axis
 * @param totalVariance along all {@code D} axes
 */
record PrincipalAxes(double[] mean, double[][] axes, double[] variances, double totalVariance) {
    /**
     * Where patches lie along an axis: {@code (x - mean) · axis}.
     *
     * @return {@code [h * w]}
     */
    float[] project(PatchFeatures features, int axis) {
        double[] a = axes[axis];
        int d = a.length;
        if (features.dimension() != d) {
            throw new IllegalArgumentException(
                    "expected features of %d numbers, got %d".formatted(d, features.dimension()));
        }
        double offset = 0;
        for (int j = 0; j < d; j++) {
            offset += mean[j] * a[j];
        }
        float[] x = features.patches();
        float[] projected = new float[features.numPatches()];
        for (int p = 0; p < projected.length; p++) {
            double sum = -offset;
            for (int j = 0; j < d; j++) {
                sum += x[p * d + j] * a[j];
            }
            projected[p] = (float) sum;
        }
        return projected;
    }

    /** Share of the variance along an axis, 0 to 1; 0 if nothing varies. */
    double explained(int axis) {
        return totalVariance > 0 ? variances[axis] / totalVariance : 0;
    }
}
