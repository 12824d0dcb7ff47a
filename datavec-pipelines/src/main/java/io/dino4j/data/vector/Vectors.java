package io.dino4j.data.vector;

import java.util.Optional;
import org.bytedeco.javacpp.FloatPointer;

/** Rows of numbers of one length, of images for instance; unchanging. Every method may be called by many threads. */
public interface Vectors {
    /**
     * Number of rows, N.
     *
     * @return from 0
     */
    int size();

    /**
     * Numbers in a row, D.
     *
     * @return at least 1
     */
    int dimension();

    /**
     * Copies rows as float32.
     *
     * @param first index of the first row, from 0
     * @param count rows, from 0
     * @param out receives {@code [count, D]} from position 0 on, row by row
     * @throws IndexOutOfBoundsException if there are not so many rows, or {@code out} is too short
     */
    void read(int first, int count, float[] out);

    /**
     * Rows where they are, if they lie in native memory as float32, one after another.
     *
     * @param first index of the first row, from 0
     * @param count rows
     * @return {@code [count, D]} at the pointer's position, to be read only while these vectors are reachable; empty if they lie otherwise
     */
    default Optional<FloatPointer> inPlace(int first, int count) {
        return Optional.empty();
    }
}
