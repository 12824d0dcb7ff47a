package io.dino4j.zoo.feature;

/**
 * Features of one image. The array is shared, not copied.
 *
 * @param path of the image, relative to the folder of images, with {@code /} between names
 * @param width of the original in pixels
 * @param height of the original in pixels
 * @param gridHeight {@code h}, rows of patches
 * @param gridWidth {@code w}, patches in a row
 * @param values {@code [F]} pooled, or {@code [h * w * D]}, row by row, patch by patch
 */
public record FeatureRow(String path, int width, int height, int gridHeight, int gridWidth, float[] values) {
    /**
     * Checks the size of the original.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public FeatureRow {
        if (width <= 0 || height <= 0) {
            throw new IllegalArgumentException("%s: no image has %d x %d pixels".formatted(path, width, height));
        }
    }
}
