package io.dino4j.graph.vit;

import java.util.Optional;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Images of equal size that go through the backbone together with others.
 *
 * @param images {@code [count, 3, height, width]}
 * @param count how many images; -1, in the last group only, for any number
 * @param height pixels, a multiple of the patch size
 * @param width pixels, a multiple of the patch size
 * @param mask {@code [count, patches]} of 0 and 1: patches to replace by the mask token; empty for none
 */
public record Crops(SDVariable images, int count, int height, int width, Optional<SDVariable> mask) {
    /** Without mask. */
    public Crops(SDVariable images, int count, int height, int width) {
        this(images, count, height, width, Optional.empty());
    }
}
