package io.dino4j.graph.vit;

import io.dino4j.graph.op.Attention.Sequences;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * What comes out of the backbone: the tokens of all images, one a row.
 *
 * @param prenorm {@code [T, D]} before the final layer norm: group after group, image after image, each
 *     {@code [cls | registers | patches]}
 * @param blocks {@code [T, D]} after every block; the last is {@code prenorm}
 * @param groups images and tokens per image of every group of crops
 * @param numRegisters register tokens in each image
 * @param dropPath the placeholders of stochastic depth
 */
public record Tokens(
        SDVariable prenorm, List<SDVariable> blocks, List<Sequences> groups, int numRegisters, DropPath dropPath) {
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
