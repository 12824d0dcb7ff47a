package io.dino4j.data.source;

import io.dino4j.data.parquet.ColumnPages;
import io.dino4j.data.parquet.ParquetInput;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.io.api.Binary;

/** A Parquet file with images, row by row in any order. It stays open as long as it is used; any number of threads may read. */
final class ParquetShard {
    private final ParquetInput in;
    private final ColumnDescriptor image;
    private final PageCache cache;
    private final long[] firstRows; // of the row groups, and the number of rows
    private final ColumnPages[] pages; // of the row groups, once they are known

    /** Opens a file and reads its footer. */
    ParquetShard(Path file, ImageColumns columns, PageCache cache) throws IOException {
        this.in = ParquetInput.open(file);
        try {
            this.image = columns.imageOf(in);
        } catch (IllegalArgumentException e) {
            in.close();
            throw e;
        }
        this.cache = cache;
        this.firstRows = new long[in.rowGroups() + 1];
        for (int i = 0; i < in.rowGroups(); i++) {
            firstRows[i + 1] = Math.addExact(firstRows[i], Math.max(0, in.rows(i)));
        }
        this.pages = new ColumnPages[in.rowGroups()];
    }

    ParquetInput input() {
        return in;
    }

    long rows() {
        return firstRows[firstRows.length - 1];
    }

    /**
     * The encoded image of a row.
     *
     * @return empty if the row has none
     */
    byte[] read(long row) throws IOException {
        if (row < 0 || row >= rows()) {
            throw new IOException("%s: has %d rows, and no row %d".formatted(in.file(), rows(), row));
        }
        int group = groupOf(row);
        long inGroup = row - firstRows[group];
        ColumnPages all = pages(group);
        int page = all.pageOf(inGroup);
        Binary value = cache.values(this, group, page, all).get((int) (inGroup - all.firstRow(page)));
        return value.getBytes();
    }

    /** Decodes a page; its values share its memory. */
    static List<Binary> decode(ColumnPages all, int page) throws IOException {
        List<Binary> values = new ArrayList<>();
        all.read(page, (row, value, present) -> values.add(present ? value.getBinary() : Binary.EMPTY));
        return values;
    }

    /**
     * How the rows lie.
     *
     * @param base images before this file
     * @param starts receives the first image of each piece
     * @return rows of a piece that is read at once: a page, or about 4 MB
     */
    int cut(int base, List<Integer> starts, long piece) throws IOException {
        int most = 1;
        for (int group = 0; group < pages.length; group++) {
            int rows = (int) (firstRows[group + 1] - firstRows[group]);
            if (rows == 0) {
                continue;
            }
            int step = Math.max(largestPage(group), (int) Math.min(rows, Math.max(1, piece * rows / bytes(group))));
            for (int row = 0; row < rows; row += step) {
                starts.add(base + (int) firstRows[group] + row);
            }
            most = Math.max(most, step);
        }
        return most;
    }

    /** Bytes of the images of a row group, at least 1. */
    private long bytes(int group) throws IOException {
        long bytes = 1;
        ColumnPages all = pages(group);
        for (int page = 0; page < all.count(); page++) {
            bytes += all.bytes(page);
        }
        return bytes;
    }

    long bytes() throws IOException {
        long bytes = 0;
        for (int group = 0; group < pages.length; group++) {
            bytes += bytes(group);
        }
        return bytes;
    }

    private int largestPage(int group) throws IOException {
        ColumnPages all = pages(group);
        long most = 1;
        for (int page = 0; page < all.count(); page++) {
            most = Math.max(most, all.firstRow(page + 1) - all.firstRow(page));
        }
        return (int) most;
    }

    private int groupOf(long row) {
        int at = Arrays.binarySearch(firstRows, row);
        int group = at >= 0 ? at : -at - 2;
        while (firstRows[group + 1] == firstRows[group]) {
            group++; // row groups without rows
        }
        return group;
    }

    private synchronized ColumnPages pages(int group) throws IOException {
        if (pages[group] == null) {
            pages[group] = in.pages(group, image);
        }
        return pages[group];
    }
}
