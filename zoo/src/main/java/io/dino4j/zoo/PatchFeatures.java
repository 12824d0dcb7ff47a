package io.dino4j.zoo;

import java.util.Arrays;

/**
 * Features of one image on its grid of patches, on the Java heap. The arrays are shared, not copied: whoever makes features must not
 * write to them again.
 *
 * @param gridHeight rows of patches, {@code h}
 * @param gridWidth patches in a row, {@code w}
 * @param dimension {@code D}, numbers of a feature
 * @param cls {@code [D]}, the class token after the final norm
 * @param patches {@code [h * w * D]}, patch tokens after the final norm, row by row, patch by patch
 */
public record PatchFeatures(int gridHeight, int gridWidth, int dimension, float[] cls, float[] patches) {
    /**
     * Checks that all sizes fit each other.
     *
     * @throws IllegalArgumentException naming what does not fit
     */
    public PatchFeatures {
        if (gridHeight <= 0 || gridWidth <= 0 || dimension <= 0) {
            throw new IllegalArgumentException("a grid of %d x %d patches with %d numbers each has no features"
                    .formatted(gridHeight, gridWidth, dimension));
        }
        if (cls.length != dimension) {
            throw new IllegalArgumentException(
                    "cls token: expected %d numbers, got %d".formatted(dimension, cls.length));
        }
        if (patches.length != (long) gridHeight * gridWidth * dimension) {
            throw new IllegalArgumentException("patch tokens: expected %d x %d x %d numbers, got %d"
                    .formatted(gridHeight, gridWidth, dimension, patches.length));
        }
    }

    /** Number of patches, {@code h * w}. */
    public int numPatches() {
        return gridHeight * gridWidth;
    }

    /**
     * The feature of one patch.
     *
     * @param y row of patches, from the top
     * @param x column of patches, from the left
     * @return {@code [D]}, a copy
     * @throws IllegalArgumentException if the grid has no such patch
     */
    public float[] patch(int y, int x) {
        if (y < 0 || y >= gridHeight || x < 0 || x >= gridWidth) {
            throw new IllegalArgumentException(
                    "no patch (%d, %d) in a grid of %d x %d".formatted(y, x, gridHeight, gridWidth));
        }
        int from = (y * gridWidth + x) * dimension;
        return Arrays.copyOfRange(patches, from, from + dimension);
    }
}
