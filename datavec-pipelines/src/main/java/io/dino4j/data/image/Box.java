package io.dino4j.data.image;

/**
 * A rectangle of pixels inside an image.
 *
 * @param top first row
 * @param left first column
 * @param height rows, positive
 * @param width columns, positive
 */
public record Box(int top, int left, int height, int width) {
    /** Checks that the box has an area and starts inside. */
    public Box {
        if (top < 0 || left < 0 || height <= 0 || width <= 0) {
            throw new IllegalArgumentException(
                    "not a box: top %d, left %d, height %d, width %d".formatted(top, left, height, width));
        }
    }

    void requireInside(Image image) {
        if (top + height > image.height() || left + width > image.width()) {
            throw new IllegalArgumentException(this + " does not lie inside " + image);
        }
    }
}
