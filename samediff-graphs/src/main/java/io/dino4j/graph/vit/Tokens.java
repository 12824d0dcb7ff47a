package io.dino4j.graph.vit;

import java.util.List;
import java.util.stream.Stream;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * What comes out of the backbone: tokens, one a row.
 *
 * @param prenorm {@code [T, D]} before the final layer norm, the tokens of all images; {@code [M, D]} if {@code M} of them were
 *     picked
 * @param embedded {@code [T, D]} before the first block
 * @param blocks {@code [T, D]} after every block; after the last {@code [M, D]} if it worked on the picked ones only
 * @param qkv {@code [T, 3 D]} of every block, columns {@code [q | k | v]}: what its attention reads; of the kept images only if the block
 *     drops some
 * @param layout which row of {@code T} is which token
 * @param dropPath the placeholders of stochastic depth
 */
public record Tokens(
        SDVariable prenorm,
        SDVariable embedded,
        List<SDVariable> blocks,
        List<SDVariable> qkv,
        TokenLayout layout,
        DropPath dropPath) {
    /** Names of what lies between blocks, from first to last: what a plan may recompute the blocks from. */
    public List<String> boundaries() {
        return Stream.concat(Stream.of(embedded), blocks.stream())
                .map(SDVariable::name)
                .toList();
    }
}
