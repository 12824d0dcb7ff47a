package io.dino4j.zoo.picture;

import io.dino4j.zoo.PatchFeatures;

/**
 * Foreground is what lies beyond a threshold on the first principal component.
 *
 * @param axes whose first is meant
 * @param sign 1 or -1, the direction of the object
 * @param threshold in standard deviations from the mean
 * @param each true if the mean of each image's own is meant, else that of all
 */
record Foreground(PrincipalAxes axes, int sign, double threshold, boolean each) {
    /** The other side, beyond the same threshold. */
    Foreground opposite() {
        return new Foreground(axes, -sign, threshold, each);
    }

    /** How far patches lie beyond the threshold, {@code [h * w]} in standard deviations; 0 for all if nothing varies. */
    float[] depth(PatchFeatures features) {
        float[] depth = axes.project(features, 0);
        double mean = 0;
        for (int p = 0; each && p < depth.length; p++) {
            mean += depth[p] / (double) depth.length;
        }
        double deviation = Math.sqrt(axes.variances()[0]);
        for (int p = 0; p < depth.length; p++) {
            depth[p] = (float) (deviation > 0 ? sign * (depth[p] - mean) / deviation - threshold : 0);
        }
        return depth;
    }

    /** Which patches are foreground, {@code [h * w]}. */
    boolean[] mask(PatchFeatures features) {
        float[] depth = depth(features);
        boolean[] mask = new boolean[depth.length];
        for (int p = 0; p < mask.length; p++) {
            mask[p] = depth[p] > 0;
        }
        return mask;
    }
}
