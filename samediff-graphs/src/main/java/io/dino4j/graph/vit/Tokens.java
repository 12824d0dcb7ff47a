package io.dino4j.graph.vit;

import io.dino4j.graph.op.Attention.Sequences;
import java.util.List;
import java.util.stream.Stream;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * What comes out of the backbone: the tokens of all images, one a row.
 *
 * @param prenorm {@code [T, D]} before the final layer norm: group after group, image after image, each
 *     {@code [cls | registers | patches]}
 * @param embedded {@code [T, D]} before the first block
 * @param blocks {@code [T, D]} after every block; the last is {@code prenorm}
 * @param groups images and tokens per image of every group of crops
 * @param numRegisters register tokens in each image
 * @param dropPath the placeholders of stochastic depth
 */
public record Tokens(
        SDVariable prenorm,
        SDVariable embedded,
        List<SDVariable> blocks,
        List<Sequences> groups,
        int numRegisters,
        DropPath dropPath) {
    /** Names of what lies between blocks, from first to last: what a plan may recompute the blocks from. */
    public List<String> boundaries() {
        return Stream.concat(Stream.of(embedded), blocks.stream())
                .map(SDVariable::name)
                .toList();
    }

    /** Row of the cls token of an image. */
    public int clsRow(int group, int image) {
        int row = 0;
        for (int g = 0; g < group; g++) {
            row += groups.get(g).count() * groups.get(g).length();
        }
        return row + image * groups.get(group).length();
    }

    /** Row of a patch token, patches counted row-major in the image. */
    public int patchRow(int group, int image, int patch) {
        return clsRow(group, image) + 1 + numRegisters + patch;
    }
}
