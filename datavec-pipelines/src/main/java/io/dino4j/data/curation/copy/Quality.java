package io.dino4j.data.curation.copy;

import io.dino4j.data.source.Manifest;
import io.dino4j.data.source.ManifestRow;

/**
 * Which of several copies is the best to keep: the one with most pixels, of these the one with most encoded bytes, of these the first.
 *
 * @param pixels (N) width times height
 * @param bytes (N) of the encoded images
 */
public record Quality(long[] pixels, long[] bytes) {
    /** Checks the lengths. */
    public Quality {
        if (pixels.length != bytes.length) {
            throw new IllegalArgumentException("%d sizes and %d lengths".formatted(pixels.length, bytes.length));
        }
    }

    /** That of the images of a manifest. */
    public static Quality of(Manifest manifest) {
        long[] pixels = new long[manifest.size()];
        long[] bytes = new long[manifest.size()];
        for (int i = 0; i < pixels.length; i++) {
            ManifestRow row = manifest.row(i);
            pixels[i] = (long) row.width() * row.height();
            bytes[i] = row.bytes();
        }
        return new Quality(pixels, bytes);
    }

    /** Returns the number of images, N. */
    public int size() {
        return pixels.length;
    }

    /** Whether a row is to be kept rather than another. */
    boolean isBetter(int row, int than) {
        if (pixels[row] != pixels[than]) {
            return pixels[row] > pixels[than];
        }
        return bytes[row] != bytes[than] ? bytes[row] > bytes[than] : row < than;
    }
}
