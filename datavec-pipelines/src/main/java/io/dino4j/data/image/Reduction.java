package io.dino4j.data.image;

/**
 * By how much an image may be shrunk while it is decoded. A JPEG of 8 x 8 blocks gives an image of 1/2, 1/4 or 1/8 of its side for a
 * fraction of the work. The answer depends on the size in the file alone, so that equal files give equal pixels whenever they are read.
 */
@FunctionalInterface
public interface Reduction {
    /** Every pixel is wanted. */
    Reduction NONE = (width, height) -> 1;

    /**
     * The part of the side that is enough.
     *
     * @param width of the image in the file, in pixels
     * @param height of the image in the file, in pixels
     * @return 1, 2, 4 or 8: the divisor of both sides
     */
    int divisor(int width, int height);

    /**
     * By how much an image was shrunk.
     *
     * @param image decoded with its sides divided and rounded up
     * @param width of the image in the file, in pixels
     * @param height of the image in the file, in pixels
     * @return 1, 2, 4 or 8
     * @throws IllegalArgumentException if none of them makes such an image of one of that size
     */
    static int of(Image image, int width, int height) {
        for (int divisor = 1; divisor <= 8; divisor *= 2) {
            if (image.width() == (width + divisor - 1) / divisor
                    && image.height() == (height + divisor - 1) / divisor) {
                return divisor;
            }
        }
        throw new IllegalArgumentException("%s is no reduced image of %dx%d pixels".formatted(image, width, height));
    }

    /**
     * The most that a factor allows.
     *
     * @param factor by how much the sides may shrink; any number
     * @return the largest of 1, 2, 4 and 8 that is not above it, at least 1
     */
    static int atMost(double factor) {
        return factor >= 8 ? 8 : factor >= 4 ? 4 : factor >= 2 ? 2 : 1;
    }
}
