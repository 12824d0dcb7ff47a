package io.dino4j.data.curation.copy;

import io.dino4j.data.vector.Neighbors;
import java.util.Arrays;

/**
 * Pairs of rows that are alike, each pair once, ordered by the first row and then by the second.
 *
 * @param one (E) the lower row of each pair
 * @param other (E) the higher row
 * @param similarity (E) inner products
 */
public record CopyEdges(int[] one, int[] other, float[] similarity) {
    /** Checks the lengths. */
    public CopyEdges {
        if (one.length != other.length || one.length != similarity.length) {
            throw new IllegalArgumentException(
                    "pairs of %d, %d and %d".formatted(one.length, other.length, similarity.length));
        }
    }

    /** No pair. */
    public static CopyEdges none() {
        return new CopyEdges(new int[0], new int[0], new float[0]);
    }

    /**
     * The pairs of a graph of nearest neighbours.
     *
     * @param graph neighbours of rows {@code first, first + 1, ...}; a row may be among its own
     * @param first row of the first list
     * @param threshold least similarity of a pair
     * @return each pair that is in one list or in two
     */
    public static CopyEdges of(Neighbors graph, int first, float threshold) {
        long[] pairs = new long[graph.index().length];
        float[] similarity = new float[pairs.length];
        int count = 0;
        for (int q = 0; q < graph.queries(); q++) {
            for (int n = q * graph.k(); n < (q + 1) * graph.k(); n++) {
                int row = graph.index()[n];
                if (row >= 0 && row != first + q && graph.similarity()[n] >= threshold) {
                    pairs[count] = pair(first + q, row);
                    similarity[count++] = graph.similarity()[n];
                }
            }
        }
        return sorted(Arrays.copyOf(pairs, count), similarity);
    }

    /** Returns the number of pairs, E. */
    public int count() {
        return one.length;
    }

    /**
     * Some of the pairs.
     *
     * @param chosen (E) which
     */
    public CopyEdges select(boolean[] chosen) {
        int count = 0;
        for (boolean c : chosen) {
            count += c ? 1 : 0;
        }
        CopyEdges some = new CopyEdges(new int[count], new int[count], new float[count]);
        for (int e = 0, o = 0; e < chosen.length; e++) {
            if (chosen[e]) {
                some.one[o] = one[e];
                some.other[o] = other[e];
                some.similarity[o++] = similarity[e];
            }
        }
        return some;
    }

    /** The pairs of both; one that is in both counts once, with the first's similarity. */
    public CopyEdges and(CopyEdges more) {
        long[] pairs = Arrays.copyOf(pairs(), count() + more.count());
        float[] all = Arrays.copyOf(similarity, pairs.length);
        System.arraycopy(more.pairs(), 0, pairs, count(), more.count());
        System.arraycopy(more.similarity, 0, all, count(), more.count());
        return sorted(pairs, all);
    }

    /** Whether a pair is here, in either order. */
    public boolean contains(int row, int another) {
        int from = Math.min(row, another);
        int to = Math.max(row, another);
        int low = 0;
        int high = count() - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int order = one[middle] != from ? Integer.compare(one[middle], from) : Integer.compare(other[middle], to);
            if (order == 0) {
                return true;
            }
            low = order < 0 ? middle + 1 : low;
            high = order < 0 ? high : middle - 1;
        }
        return false;
    }

    private long[] pairs() {
        long[] pairs = new long[count()];
        for (int e = 0; e < pairs.length; e++) {
            pairs[e] = pair(one[e], other[e]);
        }
        return pairs;
    }

    private static long pair(int row, int another) {
        return (long) Math.min(row, another) << 32 | Math.max(row, another);
    }

    /** Sorts numbers that hold a pair's place among the lists, so that nothing is boxed: by pair, and by place within a pair. */
    private static CopyEdges sorted(long[] pairs, float[] similarity) {
        int[] order = Order.of(pairs);
        int count = 0;
        int[] one = new int[order.length];
        int[] other = new int[order.length];
        float[] kept = new float[order.length];
        for (int i = 0; i < order.length; i++) {
            int e = order[i];
            if (i == 0 || pairs[e] != pairs[order[i - 1]]) {
                one[count] = (int) (pairs[e] >>> 32);
                other[count] = (int) pairs[e];
                kept[count++] = similarity[e];
            }
        }
        return new CopyEdges(Arrays.copyOf(one, count), Arrays.copyOf(other, count), Arrays.copyOf(kept, count));
    }
}
