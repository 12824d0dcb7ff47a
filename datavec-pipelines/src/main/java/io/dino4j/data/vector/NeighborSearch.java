package io.dino4j.data.vector;

import io.dino4j.data.Progress;

/** A set of vectors in which the nearest are looked for: {@link ExactNeighbors}, or {@link CellNeighbors} for many. */
public interface NeighborSearch {
    /**
     * The nearest rows of queries.
     *
     * @param queries {@code [Q, D]}
     * @param progress is told of queries
     * @throws IllegalArgumentException if the dimensions differ
     */
    Neighbors of(Vectors queries, Progress progress);

    /**
     * The nearest other rows of each row of the set.
     *
     * @param progress is told of rows
     */
    Neighbors graph(Progress progress);
}
