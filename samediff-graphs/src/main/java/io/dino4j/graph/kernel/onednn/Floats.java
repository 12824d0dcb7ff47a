package io.dino4j.graph.kernel.onednn;

import java.util.Arrays;

/**
 * A matrix as Java code sees it: blocks of rows are copied to float arrays and back, which costs a memcpy within the
 * cache and lets the compiler vectorise the loops in between. Reads and writes may be any number of elements that
 * follow one another, across rows too if the matrix is contiguous. Elements of 16 bits are converted on the way.
 */
final class Floats {
    /** Elements that one buffer spans at most; buffers count in ints, and bytes. */
    private static final long SPAN = 1L << 28;

    private final Tensor tensor;
    private final long rowStride;
    private final long rowsPerSegment;
    private volatile Segment[] segments;

    private Floats(Tensor tensor, long rowStride) {
        this.tensor = tensor;
        this.rowStride = rowStride;
        this.rowsPerSegment = Math.max(1, SPAN / Math.max(1, rowStride));
    }

    /** A matrix whose rows are contiguous, or a vector as one row. */
    static Floats of(Tensor t) {
        return t.dims().length == 1
                ? new Floats(t.reshape(1, t.dims()[0]), t.dims()[0])
                : new Floats(t, t.strides()[0]);
    }

    /** Copies {@code n} elements from a row on into {@code into}. */
    void get(long row, long column, float[] into, int at, int n) {
        segment(row).get(index(row, column), into, at, n);
    }

    /** Copies {@code n} elements of {@code from} into a row. */
    void put(long row, long column, float[] from, int at, int n) {
        segment(row).put(index(row, column), from, at, n);
    }

    float get(long row, long column) {
        return segment(row).get(index(row, column));
    }

    void put(long row, long column, float value) {
        segment(row).put(index(row, column), value);
    }

    /** Copies a row of {@code n} elements from another matrix of the same type. */
    void copy(long row, Floats source, long sourceRow, int n) {
        segment(row).copy(index(row, 0), source.segment(sourceRow), source.index(sourceRow, 0), n);
    }

    /** Copies {@code rows} rows of {@code n} elements, from {@code row} on, out of a contiguous matrix into another, or none if they are there. */
    void copyRows(long row, Floats source, long sourceRow, long rows, int n) {
        if (address(row) == source.address(sourceRow)) {
            return;
        }
        if (row + rows <= rowsPerSegment && sourceRow + rows <= source.rowsPerSegment) {
            copy(row, source, sourceRow, (int) (rows * n));
        } else {
            for (long r = 0; r < rows; r++) {
                copy(row + r, source, sourceRow + r, n);
            }
        }
    }

    private long address(long row) {
        return tensor.place().address() + (tensor.offset() + row * rowStride) * Tensor.bytes(tensor.type());
    }

    /** Adds {@code alpha} times {@code x} to a row, through {@code work}. */
    void add(long row, float alpha, float[] x, float[] work, int n) {
        get(row, 0, work, 0, n);
        for (int i = 0; i < n; i++) {
            work[i] += alpha * x[i];
        }
        put(row, 0, work, 0, n);
    }

    /** Sets rows to zero. */
    void zero(long fromRow, long toRow, float[] work) {
        long width = tensor.dims()[1];
        Arrays.fill(work, 0);
        for (long r = fromRow; r < toRow; r++) {
            for (long c = 0; c < width; c += work.length) {
                put(r, c, work, 0, (int) Math.min(work.length, width - c));
            }
        }
    }

    private int index(long row, long column) {
        // divisions cost more than the access itself; nearly every matrix is one segment
        long inSegment = row < rowsPerSegment ? row : row % rowsPerSegment;
        return (int) (inSegment * rowStride + column);
    }

    private Segment segment(long row) {
        if (segments == null) {
            open();
        }
        return segments[row < rowsPerSegment ? 0 : (int) (row / rowsPerSegment)];
    }

    private void open() {
        long rows = tensor.dims()[0];
        Segment[] opened = new Segment[(int) ((rows + rowsPerSegment - 1) / rowsPerSegment)];
        for (int i = 0; i < opened.length; i++) {
            long first = i * rowsPerSegment;
            long n = Math.min(rowsPerSegment, rows - first);
            opened[i] = Segment.of(tensor, first * rowStride, (n - 1) * rowStride + tensor.dims()[1]);
        }
        segments = opened;
    }
}
