package io.dino4j.data.source;

import io.dino4j.data.parquet.ColumnPages;
import java.io.IOException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.apache.parquet.io.api.Binary;

/**
 * Decoded pages, the most recently used ones, up to a number of bytes. A page that several threads want is decoded once. Beyond the bound
 * there is one page for each thread that reads.
 */
final class PageCache {
    private final long maxBytes;
    private final Map<Key, Entry> entries = new LinkedHashMap<>(16, 0.75f, true); // guarded by this, as is the sum
    private long bytes;

    PageCache(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** A quarter of a gigabyte, or less if the heap is small. */
    static PageCache usual() {
        return new PageCache(Math.min(256L << 20, Runtime.getRuntime().maxMemory() / 8));
    }

    long maxBytes() {
        return maxBytes;
    }

    private record Key(ParquetShard shard, int group, int page) {}

    private record Entry(FutureTask<List<Binary>> values, long bytes) {}

    List<Binary> values(ParquetShard shard, int group, int page, ColumnPages pages) throws IOException {
        Key key = new Key(shard, group, page);
        Entry entry;
        synchronized (this) {
            entry = entries.get(key);
            if (entry == null) {
                entry = new Entry(new FutureTask<>(() -> ParquetShard.decode(pages, page)), pages.bytes(page));
                entries.put(key, entry);
                bytes += entry.bytes();
                shrink();
            }
        }
        entry.values().run(); // does nothing if it has been run
        try {
            return entry.values().get();
        } catch (ExecutionException e) {
            synchronized (this) {
                if (entries.remove(key, entry)) {
                    bytes -= entry.bytes();
                }
            }
            throw e.getCause() instanceof IOException io
                    ? io
                    : new IOException(e.getCause().toString(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** Throws out what was not used for longest, but never the newest. */
    private void shrink() {
        Iterator<Entry> eldest = entries.values().iterator();
        while (bytes > maxBytes && entries.size() > 1) {
            bytes -= eldest.next().bytes();
            eldest.remove();
        }
    }
}
