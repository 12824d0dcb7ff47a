package io.dino4j.graph.vit;

import io.dino4j.graph.op.Attention.Sequences;
import java.util.List;

/**
 * Where the tokens of which image are in a matrix {@code [T, D]}: group after group, image after image, each
 * {@code [cls | registers | patches]}.
 *
 * @param groups images and tokens per image of every group of crops
 * @param numRegisters register tokens in each image
 */
public record TokenLayout(List<Sequences> groups, int numRegisters) {
    /** {@code T}, the tokens of all images; every group needs a fixed number of images. */
    public int numRows() {
        return groups.stream().mapToInt(g -> g.count() * g.length()).sum();
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
