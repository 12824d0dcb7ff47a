package io.dino4j.examples.serve;

import io.dino4j.data.image.Image;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Pictures made of others, and files that are none. */
final class Pictures {
    private Pictures() {}

    /** The upper half. */
    static Image halved(Image image) {
        int height = image.height() / 2;
        return new Image(image.width(), height, Arrays.copyOf(image.rgb(), 3 * image.width() * height));
    }

    /** A PNG file that says it is so large, and holds nothing. */
    static byte[] hollow(int width, int height) {
        return ByteBuffer.allocate(8 + 25 + 12)
                .putLong(0x89504e470d0a1a0aL)
                .putInt(13)
                .putInt(0x49484452)
                .putInt(width)
                .putInt(height)
                .put(new byte[] {8, 2, 0, 0, 0})
                .putInt(0)
                .putInt(0)
                .putInt(0x49454e44)
                .putInt(0)
                .array();
    }
}
