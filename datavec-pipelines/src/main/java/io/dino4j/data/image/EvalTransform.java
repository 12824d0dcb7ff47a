package io.dino4j.data.image;

import java.util.random.RandomGenerator;

/**
 * What an image goes through before features are taken: short side to {@code resize} (bicubic), centre square of
 * {@code crop}, normalise. Without randomness.
 *
 * @param resize short side, in pixels, at least {@code crop}
 * @param crop side of the network's input, in pixels
 * @param normalization to floats
 */
public record EvalTransform(int resize, int crop, Normalization normalization) {
    /** Checks the sizes. */
    public EvalTransform {
        if (crop <= 0 || resize < crop) {
            throw new IllegalArgumentException(
                    "a crop of %d does not fit into a short side of %d".formatted(crop, resize));
        }
    }

    /**
     * The protocol of the published numbers.
     *
     * @return short side 256, crop 224, ImageNet's statistics
     */
    public static EvalTransform imagenet() {
        return new EvalTransform(256, 224, Normalization.imagenet());
    }

    /**
     * Resizes and crops.
     *
     * @param image any size
     * @return a square of {@code crop} pixels, 8 bit
     */
    public Image apply(Image image) {
        return toTransform().apply(image, NO_RANDOMNESS);
    }

    /**
     * The 8-bit part as a transform, for use with DataVec.
     *
     * @return resize, then centre crop
     */
    public Transform toTransform() {
        return new ResizeShortSide(resize).then(new CenterCrop(crop));
    }

    private static final RandomGenerator NO_RANDOMNESS = () -> {
        throw new IllegalStateException("evaluation draws no random numbers");
    };
}
