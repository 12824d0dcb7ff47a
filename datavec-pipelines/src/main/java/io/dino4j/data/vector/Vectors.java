package io.dino4j.data.vector;

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
}
