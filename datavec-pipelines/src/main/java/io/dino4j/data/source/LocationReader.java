package io.dino4j.data.source;

import io.dino4j.data.image.ImageDecoder;
import io.dino4j.data.image.UnreadableImageException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Reads what lies at locations; Parquet files stay open. For any number of threads. */
public final class LocationReader {
    private final PageCache pages = PageCache.usual();
    private final Map<Path, ParquetShard> parquet = new ConcurrentHashMap<>();

    /** Nothing is open yet. */
    public LocationReader() {}

    /**
     * The bytes of an image file.
     *
     * @param location where they are
     * @param name of the image, for messages
     */
    byte[] read(Location location, String name) throws UnreadableImageException {
        if (location instanceof Location.Stretch stretch) {
            return Stretches.read(stretch.file(), stretch.offset(), stretch.length(), name);
        }
        if (location instanceof Location.Row row) {
            return ParquetImages.encoded(shard(row.file(), name), row.row(), name);
        }
        try {
            return ImageDecoder.encoded(location.file());
        } catch (UnreadableImageException e) { // it names the path on this machine
            throw new UnreadableImageException(name, e.reason());
        }
    }

    private ParquetShard shard(Path file, String name) throws UnreadableImageException {
        ParquetShard shard = parquet.get(file);
        if (shard != null) {
            return shard;
        }
        synchronized (parquet) { // files stay open, so none is to be opened twice
            shard = parquet.get(file);
            if (shard == null) {
                try {
                    shard = new ParquetShard(file, ImageColumns.USUAL, pages);
                } catch (IOException | IllegalArgumentException e) {
                    throw new UnreadableImageException(name, String.valueOf(e.getMessage()));
                }
                parquet.put(file, shard);
            }
            return shard;
        }
    }
}
