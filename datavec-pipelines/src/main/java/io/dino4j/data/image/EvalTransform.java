package io.dino4j.data.image;

/**
 * What an image goes through before features are taken: short side to {@code resize} (bicubic), centre square of
 * {@code crop}, normalise. Without randomness.
 *
 * @param resize short side, in pixels, at least {@code crop}
 * @param crop side of the network's input, in pixels
 * @param normalization to floats
 */
public record EvalTransform(int resize, int crop, Normalization normalization) implements Preprocessing {
    /** Pixels of the short side over those of the crop: 256 over 224 (official {@code transforms.py}). */
    private static final double RESIZE = 256.0 / 224;

    /** Images at most this large are taken whole. */
    private static final int SMALL_IMAGE = 64;

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
     * The same protocol for another size: the short side in the proportion 256 to 224; images of up to 64 pixels are taken whole.
     *
     * @param crop side of the network's input in pixels, positive
     */
    public static EvalTransform of(int crop) {
        int resize = crop <= SMALL_IMAGE ? crop : (int) Math.round(crop * RESIZE);
        return new EvalTransform(resize, crop, Normalization.imagenet());
    }

    /** {@inheritDoc} Here a square of {@code crop} pixels. Of the resized image only what is kept is worked out. */
    @Override
    public Image apply(Image image, int width, int height) {
        int[] size = ResizeShortSide.size(width, height, resize);
        Box kept = CenterCrop.box(size[0], size[1], crop);
        return BicubicResize.resizeCrop(image, width, height, size[0], size[1], kept);
    }

    @Override
    public Reduction reduction() {
        return (width, height) -> Reduction.atMost(Math.min(width, height) / (REDUCTION_MARGIN * resize));
    }

    /**
     * The 8-bit part as a transform, for use with DataVec.
     *
     * @return resize, then centre crop
     */
    public Transform toTransform() {
        return new ResizeShortSide(resize).then(new CenterCrop(crop));
    }
}
