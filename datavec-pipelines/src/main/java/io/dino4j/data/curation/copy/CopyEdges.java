package io.dino4j.data.curation.copy;

import io.dino4j.data.vector.Neighbors;
import java.util.Arrays;
import java.util.List;

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
        int most = 0;
        for (int n = 0; n < graph.index().length; n++) {
            most += isPair(graph, first, threshold, n) ? 1 : 0;
        }
        long[] pairs = new long[most];
        float[] similarity = new float[most];
        for (int n = 0, o = 0; n < graph.index().length; n++) {
            if (isPair(graph, first, threshold, n)) {
                pairs[o] = pair(first + n / graph.k(), graph.index()[n]);
                similarity[o++] = graph.similarity()[n];
            }
        }
        return sorted(pairs, similarity);
    }

    /**
     * The pairs of several lists.
     *
     * @param parts of graphs of rows one after another, in order
     * @return each pair once, with the similarity that the first part with it has
     */
    public static CopyEdges joined(List<CopyEdges> parts) {
        int count = parts.stream().mapToInt(CopyEdges::count).reduce(0, Math::addExact);
        long[] pairs = new long[count];
        float[] similarity = new float[count];
        int o = 0;
        for (CopyEdges part : parts) {
            for (int e = 0; e < part.count(); e++) {
                pairs[o] = pair(part.one[e], part.other[e]);
                similarity[o++] = part.similarity[e];
            }
        }
        return sorted(pairs, similarity);
    }

    private static boolean isPair(Neighbors graph, int first, float threshold, int n) {
        int row = graph.index()[n];
        return row >= 0 && row != first + n / graph.k() && graph.similarity()[n] >= threshold;
    }

    /**
     * The pairs of other rows in place of these.
     *
     * @param rows for each row the one that stands for it, such as the first with the same bytes
     * @return without pairs of a row with itself
     */
    public CopyEdges onto(int[] rows) {
        long[] pairs = new long[count()];
        float[] kept = new float[count()];
        int o = 0;
        for (int e = 0; e < pairs.length; e++) {
            if (rows[one[e]] != rows[other[e]]) {
                pairs[o] = pair(rows[one[e]], rows[other[e]]);
                kept[o++] = similarity[e];
            }
        }
        return sorted(Arrays.copyOf(pairs, o), kept);
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
