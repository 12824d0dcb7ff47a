package io.dino4j.zoo.picture;

import io.dino4j.data.image.BicubicResize;
import io.dino4j.data.image.Box;
import io.dino4j.data.image.Image;

/**
 * How an image of any shape becomes one that splits into patches: its longer side is resized to a number of pixels, the shorter keeps the
 * aspect, and what is over at its two ends, less than a patch together, is cut off.
 *
 * @param box what is kept of the image
 * @param width pixels of the result, a multiple of the patch size
 * @param height pixels of the result, a multiple of the patch size
 * @param patchSize pixels on a patch's side
 */
public record Framing(Box box, int width, int height, int patchSize) {
    /**
     * Works it out.
     *
     * @param imageWidth of the original, in pixels
     * @param imageHeight of the original, in pixels
     * @param size pixels of the longer side, which is rounded down to a multiple of the patch size
     * @param patchSize pixels on a patch's side
     * @throws IllegalArgumentException if that leaves less than a patch
     */
    public static Framing of(int imageWidth, int imageHeight, int size, int patchSize) {
        int longer = size / patchSize * patchSize;
        if (longer == 0) {
            throw new IllegalArgumentException(
                    "a size of %d pixels is less than a patch of %d".formatted(size, patchSize));
        }
        double scale = (double) longer / Math.max(imageWidth, imageHeight);
        int width = multiple(imageWidth * scale, patchSize);
        int height = multiple(imageHeight * scale, patchSize);
        if (width == 0 || height == 0) {
            throw new IllegalArgumentException(
                    "an image of %d x %d pixels is too narrow: with a longer side of %d the other has less than a patch of %d"
                            .formatted(imageWidth, imageHeight, longer, patchSize));
        }
        int boxWidth = Math.min(imageWidth, (int) Math.max(1, Math.round(width / scale)));
        int boxHeight = Math.min(imageHeight, (int) Math.max(1, Math.round(height / scale)));
        Box box = new Box((imageHeight - boxHeight) / 2, (imageWidth - boxWidth) / 2, boxHeight, boxWidth);
        return new Framing(box, width, height, patchSize);
    }

    /** The longer side is a multiple up to rounding. */
    private static int multiple(double pixels, int patchSize) {
        return (int) ((pixels + 1e-6) / patchSize) * patchSize;
    }

    /** The image cut and resized, {@code (height, width)}. */
    public Image apply(Image image) {
        return BicubicResize.cropResize(image, box, width, height);
    }

    /** Patches in a row. */
    public int gridWidth() {
        return width / patchSize;
    }

    /** Rows of patches. */
    public int gridHeight() {
        return height / patchSize;
    }

    /** Column of the original image, in pixels, of the middle of a patch. */
    public double centerX(int patchX) {
        return box.left() + (patchX + 0.5) * box.width() / gridWidth();
    }

    /** Row of the original image, in pixels, of the middle of a patch. */
    public double centerY(int patchY) {
        return box.top() + (patchY + 0.5) * box.height() / gridHeight();
    }
}
