package io.dino4j.spark;

import io.dino4j.data.source.Location;
import java.io.Serializable;
import java.nio.file.Path;

/**
 * A {@link Location} that travels: paths do not.
 *
 * @param file that holds the image
 * @param offset of its first byte; -1 if it is not a stretch
 * @param length of a stretch
 * @param row of a Parquet file; -1 if it is not one
 */
record Place(String file, long offset, long length, long row) implements Serializable {
    static Place of(Location location) {
        String file = location.file().toAbsolutePath().toString();
        if (location instanceof Location.Stretch stretch) {
            return new Place(file, stretch.offset(), stretch.length(), -1);
        }
        return new Place(file, -1, 0, location instanceof Location.Row row ? row.row() : -1);
    }

    Location location() {
        Path path = Path.of(file);
        if (offset >= 0) {
            return new Location.Stretch(path, offset, length);
        }
        return row >= 0 ? new Location.Row(path, row) : new Location.WholeFile(path);
    }
}
