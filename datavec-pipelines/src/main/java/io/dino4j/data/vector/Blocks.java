package io.dino4j.data.vector;

import java.io.Serializable;

/** A set of vectors that can be gone over block by block: on threads, or on a cluster. The result has the same bits everywhere. */
public interface Blocks {
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
     * Runs a task on every block, {@code [0, ROWS), [ROWS, 2 ROWS) ...}, in any order, each once.
     *
     * @param task what to do
     * @param <R> its result
     * @return of all blocks, merged
     */
    <R extends Serializable> R reduce(BlockTask<R> task);
}
