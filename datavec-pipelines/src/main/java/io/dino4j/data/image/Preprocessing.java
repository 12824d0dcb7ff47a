package io.dino4j.data.image;

/** From an image of any size to the input of a network, without randomness. Instances keep no state; many threads may share one. */
public sealed interface Preprocessing permits EvalTransform, KeepAspect {
    /**
     * Resizes and cuts.
     *
     * @param image any size
     * @return the pixels that the network sees, 8 bit
     */
    Image apply(Image image);

    /** From 8 bits to the network's floats. */
    Normalization normalization();
}
