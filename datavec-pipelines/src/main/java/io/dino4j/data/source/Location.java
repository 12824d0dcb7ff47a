package io.dino4j.data.source;

import java.nio.file.Path;

/** Where the encoded bytes of an image lie. */
public sealed interface Location {
    /** Returns the file that holds them, the image's own or one that it shares. */
    Path file();

    /**
     * A file of its own.
     *
     * @param file the image file
     */
    record WholeFile(Path file) implements Location {}

    /**
     * A stretch of a file, such as a member of a tar archive.
     *
     * @param file the archive
     * @param offset of the first byte, from 0
     * @param length in bytes, positive
     */
    record Stretch(Path file, long offset, long length) implements Location {
        /** Checks the numbers. */
        public Stretch {
            if (offset < 0 || length <= 0) {
                throw new IllegalArgumentException("%s: no image has %d bytes at %d".formatted(file, length, offset));
            }
        }
    }

    /**
     * A row of a Parquet file.
     *
     * @param file the Parquet file
     * @param row from 0
     */
    record Row(Path file, long row) implements Location {
        /** Checks the number. */
        public Row {
            if (row < 0) {
                throw new IllegalArgumentException("%s: there is no row %d".formatted(file, row));
            }
        }
    }
}
