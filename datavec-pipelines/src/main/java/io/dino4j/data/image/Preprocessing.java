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
    default Image apply(Image image) {
        return apply(image, image.width(), image.height());
    }

    /**
     * Resizes and cuts an image that may have been decoded smaller, so that the result shows the same part of it as that of the whole
     * image, at the same place.
     *
     * @param image decoded with {@link #reduction()} or a smaller one, or whole
     * @param width of the image in its file, in pixels
     * @param height of the image in its file, in pixels
     * @return the pixels that the network sees, 8 bit
     * @throws IllegalArgumentException if the image cannot be one of that size
     */
    Image apply(Image image, int width, int height);

    /**
     * How small an image may be decoded so that it still has twice as many pixels along each side as are wanted. The result differs a
     * little from that of the whole image, by less than 1 of 255 on average: this is for curation, which looks for what is near. Features
     * and evaluations are of whole images.
     *
     * @return to be given to {@code ImageSource.read}
     */
    Reduction reduction();

    /** From 8 bits to the network's floats. */
    Normalization normalization();
}
