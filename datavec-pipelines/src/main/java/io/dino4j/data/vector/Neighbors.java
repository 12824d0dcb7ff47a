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

    /**
     * Share of the neighbours of an exact search that are here too.
     *
     * @param exact of the same queries; its k may be smaller
     * @return 0 to 1; 1 if there are none
     */
    public double recall(Neighbors exact) {
        if (exact.queries() != queries()) {
            throw new IllegalArgumentException(
                    "neighbours of %d queries are compared with those of %d".formatted(queries(), exact.queries()));
        }
        long wanted = 0;
        long found = 0;
        for (int i = 0; i < exact.index.length; i++) {
            if (exact.index[i] >= 0) {
                wanted++;
                int from = i / exact.k * k;
                for (int j = from; j < from + k; j++) {
                    found += index[j] == exact.index[i] ? 1 : 0;
                }
            }
        }
        return wanted == 0 ? 1 : (double) found / wanted;
    }
}
