package io.dino4j.zoo.picture;

import io.dino4j.data.image.BicubicResize;
import io.dino4j.data.image.Box;
import io.dino4j.data.image.Image;

/** Images at another size. */
final class Enlarged {
    private Enlarged() {}

    /** The whole image: bicubic if smooth, else each pixel becomes a block. */
    static Image of(Image image, int width, int height, boolean smooth) {
        return smooth ? smooth(image, width, height) : blocks(image, width, height);
    }

    static Image smooth(Image image, int width, int height) {
        return image.width() == width && image.height() == height
                ? image
                : BicubicResize.cropResize(image, new Box(0, 0, image.height(), image.width()), width, height);
    }

    private static Image blocks(Image image, int width, int height) {
        byte[] rgb = new byte[3 * width * height];
        for (int y = 0; y < height; y++) {
            int fromY = (int) ((long) y * image.height() / height);
            for (int x = 0; x < width; x++) {
                int from = 3 * (fromY * image.width() + (int) ((long) x * image.width() / width));
                System.arraycopy(image.rgb(), from, rgb, 3 * (y * width + x), 3);
            }
        }
        return new Image(width, height, rgb);
    }
}
