package io.dino4j.data.vector;

import java.util.Objects;

/** Vectors in one Java array; not copied, so not to be changed afterwards. */
public final class ArrayVectors implements Vectors {
    private final float[] rows;
    private final int dimension;

    /**
     * Vectors of an array.
     *
     * @param rows {@code [N, D]}, row by row
     * @param dimension D, at least 1
     * @throws IllegalArgumentException if the array does not hold whole rows
     */
    public ArrayVectors(float[] rows, int dimension) {
        if (dimension < 1 || rows.length % dimension != 0) {
            throw new IllegalArgumentException(
                    "%d numbers do not make vectors of %d".formatted(rows.length, dimension));
        }
        this.rows = rows;
        this.dimension = dimension;
    }

    @Override
    public int size() {
        return rows.length / dimension;
    }

    @Override
    public int dimension() {
        return dimension;
    }

    @Override
    public void read(int first, int count, float[] out) {
        Objects.checkFromIndexSize(first, count, size());
        System.arraycopy(rows, first * dimension, out, 0, count * dimension);
    }
}
