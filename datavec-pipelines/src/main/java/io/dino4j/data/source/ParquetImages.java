package io.dino4j.data.source;

import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageDecoder;
import io.dino4j.data.image.Reduction;
import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.data.parquet.ParquetInput;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;

/**
 * Images in rows of Parquet files: a column of encoded images, or the group {@code {bytes, path}} that Hugging Face writes, and a column of
 * classes if there is one. Pages compressed with Snappy, Zstandard, LZ4_RAW or gzip are read, and plain ones.
 *
 * <p>Footers, page headers and classes are read on opening; images page by page in any order. At most a quarter of a gigabyte of pages is kept,
 * an eighth of the Java heap if that is less, and beyond it one page for each thread that reads. A row without bytes is an unreadable image.
 * The files stay open.
 */
public final class ParquetImages implements ImageSource {
    private static final long PIECE = 4L << 20;

    private final List<ParquetShard> shards = new ArrayList<>();
    private final int[] firstImages;
    private final Labels labels;
    private final Runs runs;

    /**
     * Opens files.
     *
     * @param files Parquet files, in the order of their images
     * @param columns where images and classes are
     * @throws IOException if a file cannot be read or is damaged, in one line
     * @throws IllegalArgumentException if a file lacks the columns, or there are no rows, or too many
     */
    public ParquetImages(List<Path> files, ImageColumns columns) throws IOException {
        PageCache cache = PageCache.usual();
        firstImages = new int[files.size() + 1];
        Names classes = new Names();
        int[] found = new int[16];
        List<Integer> starts = new ArrayList<>();
        long bytes = 0;
        int piece = 1;
        for (int i = 0; i < files.size(); i++) {
            ParquetShard shard = open(files.get(i), columns, cache);
            long total = firstImages[i] + shard.rows();
            if (total > Integer.MAX_VALUE - 8) {
                throw new IllegalArgumentException("%s: the files up to here have %d rows; at most %d are read"
                        .formatted(files.get(i), total, Integer.MAX_VALUE - 8));
            }
            firstImages[i + 1] = (int) total;
            shards.add(shard);
            bytes += shard.bytes();
            piece = Math.max(piece, shard.cut(firstImages[i], starts, PIECE));
            found = labels(shard.input(), columns, classes, found, firstImages[i]);
        }
        if (size() == 0) {
            throw new IllegalArgumentException(
                    "%s: no rows in %d Parquet file(s)".formatted(files.isEmpty() ? "" : files.get(0), files.size()));
        }
        labels = new Labels(classes, Arrays.copyOf(found, size()));
        long window = cache.maxBytes() / 2 / Math.max(1, bytes / size());
        runs = new Runs(starts.stream().mapToInt(i -> i).toArray(), (int)
                Math.max(piece, Math.min(size(), Math.max(1, window))));
    }

    private static ParquetShard open(Path file, ImageColumns columns, PageCache cache) throws IOException {
        try {
            return new ParquetShard(file, columns, cache);
        } catch (IOException e) {
            throw new IOException(Reasons.of(file, e), e);
        }
    }

    private static int[] labels(ParquetInput file, ImageColumns columns, Names classes, int[] found, int first)
            throws IOException {
        Optional<ColumnDescriptor> column = columns.labelOf(file);
        int[] labels = found;
        int base = first;
        for (int group = 0; group < file.rowGroups(); group++) {
            int from = base;
            int to = base + (int) file.rows(group);
            if (to > labels.length) {
                labels = Arrays.copyOf(labels, (int) Math.min(Integer.MAX_VALUE - 8L, to + (long) to / 2));
            }
            Arrays.fill(labels, from, to, -1);
            if (column.isPresent()) {
                int[] into = labels;
                file.read(group, column.get(), (row, value, present) -> {
                    String text = present ? text(value) : "";
                    into[from + (int) row] = text.isEmpty() ? -1 : classes.add(text);
                });
            }
            base = to;
        }
        return labels;
    }

    private static String text(ColumnReader value) {
        PrimitiveTypeName type = value.getDescriptor().getPrimitiveType().getPrimitiveTypeName();
        return switch (type) {
            case INT32 -> Integer.toString(value.getInteger());
            case INT64 -> Long.toString(value.getLong());
            default -> value.getBinary().toStringUsingUTF8().strip();
        };
    }

    private int shardOf(int i) {
        int at = Arrays.binarySearch(firstImages, i);
        int shard = at >= 0 ? at : -at - 2;
        while (firstImages[shard + 1] == firstImages[shard]) {
            shard++; // files without rows
        }
        return shard;
    }

    @Override
    public int size() {
        return firstImages[firstImages.length - 1];
    }

    @Override
    public Image read(int i, Reduction reduction) throws UnreadableImageException {
        return ImageDecoder.decode(encoded(i), name(i), reduction);
    }

    @Override
    public byte[] encoded(int i) throws UnreadableImageException {
        int shard = shardOf(i);
        return encoded(shards.get(shard), i - firstImages[shard], name(i));
    }

    static byte[] encoded(ParquetShard shard, long row, String name) throws UnreadableImageException {
        try {
            byte[] bytes = shard.read(row);
            if (bytes.length == 0) {
                throw new UnreadableImageException(name, "the row has no bytes of an image");
            }
            return bytes;
        } catch (UnreadableImageException e) {
            throw e;
        } catch (IOException e) {
            throw new UnreadableImageException(name, String.valueOf(e.getMessage()));
        }
    }

    @Override
    public Optional<Location> location(int i) {
        int shard = shardOf(i);
        return Optional.of(new Location.Row(shards.get(shard).input().file(), i - firstImages[shard]));
    }

    /** Returns the file's path, a slash and the row in it from 0. */
    @Override
    public String name(int i) {
        int shard = shardOf(i);
        return shards.get(shard).input().file() + "/" + (i - firstImages[shard]);
    }

    @Override
    public int label(int i) {
        return labels.of(i);
    }

    @Override
    public List<String> classes() {
        return labels.classes();
    }

    @Override
    public Optional<Runs> runs() {
        return Optional.of(runs);
    }
}
