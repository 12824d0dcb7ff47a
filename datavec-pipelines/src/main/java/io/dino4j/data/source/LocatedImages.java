package io.dino4j.data.source;

import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageDecoder;
import io.dino4j.data.image.Reduction;
import io.dino4j.data.image.UnreadableImageException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Images of which no more is known than where they lie: a part of a source, on another machine. */
public final class LocatedImages implements ImageSource {
    private final List<Item> items;
    private final Reader reader;
    private final List<String> classes;

    /**
     * One image.
     *
     * @param location where its bytes are
     * @param name for messages
     * @param label name of its class; empty if it has none
     * @param weight relative to others
     */
    public record Item(Location location, String name, String label, float weight) {}

    /** Reads what lies at locations; Parquet files stay open. For any number of threads. */
    public static final class Reader {
        private final PageCache pages = PageCache.usual();
        private final Map<Path, ParquetShard> parquet = new ConcurrentHashMap<>();

        /** Nothing is open yet. */
        public Reader() {}

        private byte[] read(Location location, String name) throws UnreadableImageException {
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

        private synchronized ParquetShard shard(Path file, String name) throws UnreadableImageException {
            ParquetShard shard = parquet.get(file);
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

    /**
     * Images at locations.
     *
     * @param items at least one
     * @param reader may be shared with others
     */
    public LocatedImages(List<Item> items, Reader reader) {
        this.items = List.copyOf(items);
        this.reader = reader;
        Map<String, Integer> labels = new LinkedHashMap<>();
        items.stream().map(Item::label).filter(l -> !l.isEmpty()).forEach(l -> labels.put(l, 0));
        this.classes = new ArrayList<>(labels.keySet());
    }

    @Override
    public int size() {
        return items.size();
    }

    @Override
    public Image read(int i, Reduction reduction) throws UnreadableImageException {
        return ImageDecoder.decode(encoded(i), name(i), reduction);
    }

    @Override
    public byte[] encoded(int i) throws UnreadableImageException {
        return reader.read(items.get(i).location(), name(i));
    }

    @Override
    public Optional<Location> location(int i) {
        return Optional.of(items.get(i).location());
    }

    @Override
    public float weight(int i) {
        return items.get(i).weight();
    }

    @Override
    public String name(int i) {
        return items.get(i).name();
    }

    @Override
    public int label(int i) {
        return classes.indexOf(items.get(i).label());
    }

    @Override
    public List<String> classes() {
        return List.copyOf(classes);
    }
}
