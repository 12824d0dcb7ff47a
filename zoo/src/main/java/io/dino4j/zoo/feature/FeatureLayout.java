package io.dino4j.zoo.feature;

/**
 * What the values of a row are.
 *
 * @param kind pooled or on a grid of patches
 * @param dimension {@code F}, numbers of a pooled feature, or {@code D}, numbers of one patch
 */
public record FeatureLayout(Kind kind, int dimension) {
    /** Whether there is one feature an image or one a patch. */
    public enum Kind {
        /** One feature an image, {@code [F]}. */
        POOLED,
        /** One feature a patch, {@code [h * w * D]}, row by row, patch by patch. */
        PATCHES
    }

    /**
     * Checks the dimension.
     *
     * @throws IllegalArgumentException if the dimension is not positive
     */
    public FeatureLayout {
        if (dimension <= 0) {
            throw new IllegalArgumentException("a feature needs at least 1 number, got %d".formatted(dimension));
        }
    }

    /** Refuses a row of another layout, before anything of it is written. */
    void require(FeatureRow row) {
        boolean patches = kind == Kind.PATCHES;
        long length = patches ? (long) row.gridHeight() * row.gridWidth() * dimension : dimension;
        if (patches && (row.gridHeight() <= 0 || row.gridWidth() <= 0)) {
            throw new IllegalArgumentException("%s: a grid of %d x %d patches has no features"
                    .formatted(row.path(), row.gridHeight(), row.gridWidth()));
        }
        if (row.values().length != length) {
            throw new IllegalArgumentException(
                    "%s: expected %d numbers, got %d".formatted(row.path(), length, row.values().length));
        }
    }
}
