package io.dino4j.data.image;

/**
 * Pillow's bicubic resize of 8-bit images, bit for bit: Keys' kernel with a = -1/2, widened by the scale when shrinking
 * (antialiasing), weights in 22-bit fixed point, one horizontal and then one vertical pass, each rounded to 8 bit.
 *
 * @see <a href="https://doi.org/10.1109/TASSP.1981.1163711">Keys, Cubic convolution interpolation, 1981</a>
 */
public final class BicubicResize {
    private BicubicResize() {}

    /**
     * Cuts out a box and resizes it. The cut comes first: no pixel outside the box contributes.
     *
     * @param image source
     * @param box part of the source to keep
     * @param width columns of the result
     * @param height rows of the result
     * @return a new image of (height, width)
     */
    public static Image cropResize(Image image, Box box, int width, int height) {
        Canvas canvas = new Canvas();
        cropResize(canvas, image, box, width, height);
        return canvas.toImage();
    }

    /** The same, onto a canvas. */
    static void cropResize(Canvas canvas, Image image, Box box, int width, int height) {
        resize(canvas, image, box, width, height, new Box(0, 0, height, width));
    }

    /**
     * Resizes a whole image and cuts out a box of the result; only what is kept is worked out, to the same pixels.
     *
     * @param image source
     * @param width columns of the resized image
     * @param height rows of the resized image
     * @param kept part of the resized image
     * @return a new image of the size of {@code kept}, or {@code image} itself if nothing is to do
     */
    public static Image resizeCrop(Image image, int width, int height, Box kept) {
        boolean whole = kept.equals(image.bounds());
        if (whole && width == image.width() && height == image.height()) {
            return image;
        }
        Canvas canvas = new Canvas();
        resize(canvas, image, image.bounds(), width, height, kept);
        return canvas.toImage();
    }

    /**
     * The same of an image that was decoded smaller.
     *
     * @param wholeWidth columns of the image in its file
     * @param wholeHeight rows of the image in its file
     */
    static Image resizeCrop(Image image, int wholeWidth, int wholeHeight, int width, int height, Box kept) {
        int divisor = Reduction.of(image, wholeWidth, wholeHeight);
        if (divisor == 1) {
            return resizeCrop(image, width, height, kept);
        }
        require(width, height, kept);
        Canvas canvas = new Canvas();
        double extentX = (double) wholeWidth / divisor;
        double extentY = (double) wholeHeight / divisor;
        canvas.resize(image, image.bounds(), extentX, extentY, width, height, kept);
        return canvas.toImage();
    }

    private static void resize(Canvas canvas, Image image, Box box, int width, int height, Box kept) {
        box.requireInside(image);
        require(width, height, kept);
        canvas.resize(image, box, width, height, kept);
    }

    private static void require(int width, int height, Box kept) {
        if (width <= 0 || height <= 0) {
            throw new IllegalArgumentException("cannot resize to %dx%d".formatted(width, height));
        }
        if (kept.top() < 0
                || kept.left() < 0
                || kept.top() + kept.height() > height
                || kept.left() + kept.width() > width) {
            throw new IllegalArgumentException("%s is not inside %dx%d pixels".formatted(kept, width, height));
        }
    }
}
