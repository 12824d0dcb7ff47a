package io.dino4j.zoo;

import java.util.List;
import java.util.stream.IntStream;

/**
 * What is taken of a backbone's tokens. Every block's tokens pass the final norm first (official {@code get_intermediate_layers} with
 * {@code norm=True}), unless it is said otherwise.
 *
 * @param pooling how tokens become numbers
 * @param layers how many blocks contribute, 1 or more; the features of the earliest come first
 * @param blocks which these are, ascending from 0; empty for the last {@code layers}
 * @param norm whether tokens pass the final norm
 */
public record FeatureKind(Pooling pooling, int layers, List<Integer> blocks, boolean norm) {
    /** How tokens become numbers; {@code n} is the number of layers. */
    public enum Pooling {
        /** The cls tokens of the n blocks, {@code [n D]}. */
        CLS,
        /** The means of the patch tokens of the n blocks, {@code [n D]}. */
        MEAN,
        /** The cls tokens of the n blocks, then the mean of the last one's patch tokens, {@code [(n + 1) D]} (official linear heads). */
        CLS_MEAN,
        /** The patch tokens, row by row, of each of the n blocks, {@code [h w, n D]}. */
        PATCHES,
        /** The cls token, then the patch tokens row by row, of each of the n blocks, {@code [1 + h w, n D]} (official depth heads). */
        TOKENS;

        /** True if there is a row of numbers for each patch, not one for the image. */
        public boolean isGrid() {
            return this == PATCHES || this == TOKENS;
        }
    }

    /**
     * Checks the number of layers.
     *
     * @throws IllegalArgumentException if it is not positive, or blocks are not so many or do not ascend from 0
     */
    public FeatureKind {
        if (layers < 1) {
            throw new IllegalArgumentException("features of %d layers: expected 1 or more".formatted(layers));
        }
        blocks = List.copyOf(blocks);
        if (!blocks.isEmpty() && (blocks.size() != layers || !ascend(blocks))) {
            throw new IllegalArgumentException(
                    "features of %d layers: expected as many block numbers, ascending from 0, got %s"
                            .formatted(layers, blocks));
        }
    }

    private static boolean ascend(List<Integer> blocks) {
        return blocks.get(0) >= 0 && IntStream.range(1, blocks.size()).allMatch(i -> blocks.get(i - 1) < blocks.get(i));
    }

    /**
     * Features of the last blocks, after the final norm.
     *
     * @param pooling how tokens become numbers
     * @param layers how many of the last blocks contribute, 1 or more
     */
    public FeatureKind(Pooling pooling, int layers) {
        this(pooling, layers, List.of(), true);
    }

    /**
     * Features of certain blocks.
     *
     * @param pooling how tokens become numbers
     * @param blocks which, ascending from 0, one at least
     * @param norm whether tokens pass the final norm; the official depth heads take them without
     */
    public static FeatureKind ofBlocks(Pooling pooling, List<Integer> blocks, boolean norm) {
        return new FeatureKind(pooling, blocks.size(), blocks, norm);
    }

    /** The cls token of the last block. */
    public static FeatureKind cls() {
        return new FeatureKind(Pooling.CLS, 1);
    }

    /** Numbers of an image, or of one token for a {@linkplain Pooling#isGrid grid}, with a backbone of width {@code dim}. */
    public int dimension(int dim) {
        return pooling == Pooling.CLS_MEAN ? (layers + 1) * dim : layers * dim;
    }

    /**
     * The blocks that contribute, ascending from 0.
     *
     * @param depth blocks of the backbone
     * @throws IllegalArgumentException if it has not so many
     */
    public List<Integer> blocksOf(int depth) {
        if (layers > depth) {
            throw new IllegalArgumentException(
                    "features of the last %d layers are wanted, but the backbone has %d".formatted(layers, depth));
        }
        if (blocks.isEmpty()) {
            return IntStream.range(depth - layers, depth).boxed().toList();
        }
        if (blocks.get(layers - 1) >= depth) {
            throw new IllegalArgumentException("features of block %d are wanted, but the backbone has blocks 0 to %d"
                    .formatted(blocks.get(layers - 1), depth - 1));
        }
        return blocks;
    }

    /** True if patch tokens are read. */
    boolean readsPatches() {
        return pooling != Pooling.CLS;
    }
}
