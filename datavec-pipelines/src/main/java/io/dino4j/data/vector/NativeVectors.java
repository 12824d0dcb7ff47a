package io.dino4j.data.vector;

import java.util.Objects;
import java.util.Optional;
import org.bytedeco.javacpp.FloatPointer;

/** A native copy of rows. */
final class NativeVectors implements Vectors, AutoCloseable {
    private final FloatPointer rows;
    private final int size;
    private final int dimension;

    /** Copies {@code [N, D]}. */
    NativeVectors(float[] rows, int dimension) {
        this.rows = new FloatPointer(Math.max(1, rows.length)).put(rows, 0, rows.length);
        this.size = rows.length / dimension;
        this.dimension = dimension;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public int dimension() {
        return dimension;
    }

    @Override
    public void read(int first, int count, float[] out) {
        Objects.checkFromIndexSize(first, count, size);
        new FloatPointer(rows).position((long) first * dimension).get(out, 0, count * dimension);
    }

    @Override
    public Optional<FloatPointer> inPlace(int first, int count) {
        Objects.checkFromIndexSize(first, count, size);
        return Optional.of(new FloatPointer(rows).position((long) first * dimension));
    }

    @Override
    public void close() {
        rows.close();
    }
}
