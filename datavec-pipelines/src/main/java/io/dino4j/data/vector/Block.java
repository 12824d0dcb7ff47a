package io.dino4j.data.vector;

import java.util.Optional;
import org.bytedeco.javacpp.FloatPointer;

/**
 * Some rows of a set of vectors, at the hands of one thread. Borders are multiples of {@link #ROWS} in the whole set, whoever goes over it:
 * matrix products have the same shapes everywhere, and so the same bits.
 */
public final class Block {
    /** Rows of every block but the last. */
    public static final int ROWS = 4096;

    private final Vectors source;
    private final int offset;
    private final int first;
    private final int count;
    private final BlockMemory memory;
    private FloatPointer rows;

    private Block(Vectors source, int offset, int first, int count, BlockMemory memory) {
        if (first % ROWS != 0 || count < 1 || count > ROWS) {
            throw new IllegalArgumentException("rows %d to %d are no block: these begin at multiples of %d"
                    .formatted(first, first + count - 1, ROWS));
        }
        this.source = source;
        this.offset = offset;
        this.first = first;
        this.count = count;
        this.memory = memory;
    }

    /**
     * A block of vectors at hand.
     *
     * @param source all vectors
     * @param first index of its first row, a multiple of {@link #ROWS}
     * @param memory of the thread that will work on it
     */
    public static Block of(Vectors source, int first, BlockMemory memory) {
        return new Block(source, first, first, Math.min(ROWS, source.size() - first), memory);
    }

    /**
     * A block whose rows were brought from elsewhere.
     *
     * @param first index of its first row in the whole set, a multiple of {@link #ROWS}
     * @param rows its own rows; {@link #ROWS} unless it is the last
     * @param memory of the thread that will work on it
     */
    public static Block alone(int first, Vectors rows, BlockMemory memory) {
        return new Block(rows, 0, first, rows.size(), memory);
    }

    /** Returns the index of its first row in the whole set. */
    public int first() {
        return first;
    }

    /** Returns its rows, 1 to {@link #ROWS}. */
    public int count() {
        return count;
    }

    /** Returns D. */
    public int dimension() {
        return source.dimension();
    }

    /** Returns the memory of the thread. */
    BlockMemory memory() {
        return memory;
    }

    /**
     * Its rows in native memory, to be read until the task returns.
     *
     * @return {@code [count, D]} at position 0 of a new pointer
     */
    public FloatPointer rows() {
        if (rows == null) {
            Optional<FloatPointer> there = source.inPlace(offset, count);
            rows = there.orElseGet(this::copied);
        }
        return new FloatPointer(rows);
    }

    private FloatPointer copied() {
        float[] values = new float[count * dimension()];
        source.read(offset, count, values);
        return memory.scratch("block", values.length).put(values, 0, values.length);
    }

    /**
     * Copies some of its rows; others are not touched.
     *
     * @param row position in the block, from 0
     * @param rows how many
     * @param out receives {@code [rows, D]}
     */
    public void read(int row, int rows, float[] out) {
        if (row < 0 || rows < 0 || row + rows > count) {
            throw new IndexOutOfBoundsException("rows %d to %d of %d".formatted(row, row + rows, count));
        }
        source.read(offset + row, rows, out);
    }
}
