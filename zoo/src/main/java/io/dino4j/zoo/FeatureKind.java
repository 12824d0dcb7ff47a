package io.dino4j.zoo;

/**
 * What is taken of a backbone's tokens. Every block's tokens pass the final norm first (official {@code get_intermediate_layers} with
 * {@code norm=True}).
 *
 * @param pooling how tokens become numbers
 * @param layers how many of the last blocks contribute, 1 or more; the features of the earliest come first
 */
public record FeatureKind(Pooling pooling, int layers) {
    /** How tokens become numbers; {@code n} is the number of layers. */
    public enum Pooling {
        /** The cls tokens of the last n blocks, {@code [n D]}. */
        CLS,
        /** The means of the patch tokens of the last n blocks, {@code [n D]}. */
        MEAN,
        /** The cls tokens of the last n blocks, then the mean of the last block's patch tokens, {@code [(n + 1) D]} (official linear heads). */
        CLS_MEAN,
        /** The patch tokens, row by row, of each the last n blocks, {@code [h w, n D]}. */
        PATCHES
    }

    /**
     * Checks the number of layers.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public FeatureKind {
        if (layers < 1) {
            throw new IllegalArgumentException("features of %d layers: expected 1 or more".formatted(layers));
        }
    }

    /** The cls token of the last block. */
    public static FeatureKind cls() {
        return new FeatureKind(Pooling.CLS, 1);
    }

    /** Numbers of an image, or of one patch for {@link Pooling#PATCHES}, with a backbone of width {@code dim}. */
    public int dimension(int dim) {
        return pooling == Pooling.CLS_MEAN ? (layers + 1) * dim : layers * dim;
    }

    /** True if patch tokens of the last block are read. */
    boolean readsPatches() {
        return pooling != Pooling.CLS;
    }
}
