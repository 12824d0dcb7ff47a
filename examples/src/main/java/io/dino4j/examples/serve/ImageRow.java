package io.dino4j.examples.serve;

import io.dino4j.data.source.ImageSource;
import io.dino4j.data.source.Location;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * One image of a segment of the index.
 *
 * @param stamp what it was recognised by when it was read, see {@link #stamp}
 * @param sha256 of its file
 * @param width pixels
 * @param height pixels
 * @param firstPatch row of its first patch among those of the segment; -1 if its patches are not kept
 * @param thumbnail offset of its small picture, in bytes
 * @param thumbnailBytes length of that
 */
record ImageRow(
        String stamp, String sha256, int width, int height, int firstPatch, long thumbnail, int thumbnailBytes) {
    /** Bits of the hash that decide by lot. */
    private static final int LOT_DIGITS = 13;

    /**
     * What an unchanged image is recognised by without reading it: its name, and length and time of the file that holds it. Empty if it lies in
     * no file.
     */
    static String stamp(ImageSource source, int i) {
        return source.location(i)
                .map(location -> source.name(i) + " " + place(location) + " " + state(location.file()))
                .orElse("");
    }

    private static String place(Location location) {
        if (location instanceof Location.Stretch s) {
            return s.offset() + "+" + s.length();
        }
        return location instanceof Location.Row r ? "row " + r.row() : "";
    }

    private static String state(Path file) {
        try {
            return Files.size(file) + " " + Files.getLastModifiedTime(file).toMillis();
        } catch (IOException e) {
            return "gone"; // reading it will tell
        }
    }

    /** Whether an image is among a share of all, 0 to 1: by its hash, so that it stays so whatever is added. */
    static boolean isChosen(String sha256, double share) {
        long lot = Long.parseLong(sha256.substring(0, LOT_DIGITS), 16);
        return lot < share * (1L << 4 * LOT_DIGITS);
    }
}
