package io.dino4j.data.image;

/** From an image of any size to the input of a network, without randomness. Instances keep no state; many threads may share one. */
public sealed interface Preprocessing permits EvalTransform, KeepAspect {
    /** Pixels along a side of a reduced image over those of the result: the averaging of the decoder then hardly shows. */
    double REDUCTION_MARGIN = 2;

    /**
     * Resizes and cuts.
     *
     * @param image any size
     * @return the pixels that the network sees, 8 bit
     */
    Image apply(Image image);

    /**
     * How small an image may be decoded so that it still has twice as many pixels along each side as are wanted. The result differs a
     * little from that of the whole image, so this is for those who choose speed; nothing uses it by itself.
     *
     * @return to be given to {@code ImageSource.read}
     */
    Reduction reduction();

    /** From 8 bits to the network's floats. */
    Normalization normalization();
}
