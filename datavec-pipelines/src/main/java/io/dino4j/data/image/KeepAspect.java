package io.dino4j.data.image;

/**
 * The whole image in its own shape: the short side to a length (bicubic, antialiased), the long side along with it but not beyond a limit,
 * then both sides cut at their ends to multiples of the patch size. At most a patch less one pixel is lost on a side.
 *
 * @param shortSide pixels of the short side, a multiple of {@code multiple}
 * @param longest limit of the long side in pixels; an image that is longer gets a shorter short side
 * @param multiple patch size
 * @param normalization to floats
 */
public record KeepAspect(int shortSide, int longest, int multiple, Normalization normalization)
        implements Preprocessing {
    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException naming what does not fit
     */
    public KeepAspect {
        if (multiple <= 0 || shortSide < multiple || shortSide % multiple != 0) {
            throw new IllegalArgumentException(
                    "a short side of %d pixels is no multiple of the patch size %d".formatted(shortSide, multiple));
        }
        if (longest < shortSide) {
            throw new IllegalArgumentException(
                    "a longest side of %d pixels is less than the short side of %d".formatted(longest, shortSide));
        }
    }

    @Override
    public Reduction reduction() {
        return (width, height) -> Reduction.atMost(1 / (REDUCTION_MARGIN * scale(width, height)));
    }

    private double scale(int width, int height) {
        return Math.min((double) shortSide / Math.min(width, height), (double) longest / Math.max(width, height));
    }

    @Override
    public Image apply(Image image, int wholeWidth, int wholeHeight) {
        double scale = scale(wholeWidth, wholeHeight);
        int width = side(wholeWidth * scale);
        int height = side(wholeHeight * scale);
        int keptWidth = width / multiple * multiple;
        int keptHeight = height / multiple * multiple;
        Box kept = new Box((height - keptHeight) / 2, (width - keptWidth) / 2, keptHeight, keptWidth);
        return BicubicResize.resizeCrop(image, wholeWidth, wholeHeight, width, height, kept);
    }

    /** Never less than a patch, however long and narrow the image is. */
    private int side(double pixels) {
        return Math.max(multiple, (int) Math.round(pixels));
    }
}
