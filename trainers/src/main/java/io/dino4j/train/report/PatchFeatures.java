package io.dino4j.train.report;

/**
 * Patch features of a few images and the images themselves.
 *
 * @param features [images][gridSize² · D] row by row, patch by patch
 * @param rgb [images][imageSize² · 3] 8-bit RGB, row by row
 * @param imageSize side of an image in pixels
 * @param gridSize patches per side
 */
public record PatchFeatures(float[][] features, byte[][] rgb, int imageSize, int gridSize) {
    /** Checks that all sizes fit each other. */
    public PatchFeatures {
        if (features.length == 0 || features.length != rgb.length) {
            throw new IllegalArgumentException("expected as many images as features, and one at least; got %d and %d"
                    .formatted(rgb.length, features.length));
        }
        int length = features[0].length;
        for (int i = 0; i < features.length; i++) {
            if (features[i].length != length || length == 0 || length % (gridSize * gridSize) != 0) {
                throw new IllegalArgumentException("features of image %d: %d values do not split into %d patches"
                        .formatted(i, features[i].length, gridSize * gridSize));
            }
            if (rgb[i].length != imageSize * imageSize * 3) {
                throw new IllegalArgumentException(
                        "image %d: expected %d bytes, got %d".formatted(i, imageSize * imageSize * 3, rgb[i].length));
            }
        }
    }

    /** Patches of an image. */
    int patches() {
        return gridSize * gridSize;
    }

    /** Channels of a patch (D). */
    int channels() {
        return features[0].length / patches();
    }
}
