package io.dino4j.data.vector;

/**
 * The nearest of a set of vectors for each of Q queries. Ordered by similarity, largest first; of equal ones the lower index is first, so
 * that the result does not depend on the order in which the set was looked at.
 *
 * @param k neighbours of a query
 * @param index {@code [Q, k]} positions in the set; -1 where there are fewer
 * @param similarity {@code [Q, k]} inner products, which are cosines if both sides have length 1; negative infinity where there are fewer
 */
public record Neighbors(int k, int[] index, float[] similarity) {
    /** Checks the lengths. */
    public Neighbors {
        if (k < 1 || index.length != similarity.length || index.length % k != 0) {
            throw new IllegalArgumentException(
                    "%d neighbours do not make lists of %d and %d".formatted(k, index.length, similarity.length));
        }
    }

    /** Returns the number of queries. */
    public int queries() {
        return index.length / k;
    }
}
