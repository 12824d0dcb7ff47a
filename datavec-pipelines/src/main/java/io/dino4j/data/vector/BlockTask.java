package io.dino4j.data.vector;

import java.io.Serializable;

/**
 * What is to be done with every block of a set of vectors. Task and results are plain data that can be sent to other machines. To be the
 * same whoever runs it, merging must be exact, associative and commutative: integers, lists by index, maxima with ties decided by index;
 * never sums of floats.
 *
 * @param <R> result
 */
public interface BlockTask<R extends Serializable> extends Serializable {
    /** Returns the result of no block; a new one each time, as it will be changed. */
    R zero();

    /**
     * Adds a block.
     *
     * @param block rows; not to be kept
     * @param result is changed
     */
    void add(Block block, R result);

    /**
     * Joins the results of different blocks.
     *
     * @param left may be changed and returned
     * @param right may be changed
     * @return of all blocks of both
     */
    R merge(R left, R right);
}
