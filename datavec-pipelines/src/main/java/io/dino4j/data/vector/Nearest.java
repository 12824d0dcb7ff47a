package io.dino4j.data.vector;

import java.io.Serializable;
import java.util.Arrays;

/** The best found so far, query after query: the most similar first, of equals that of lower index. */
public final class Nearest implements Serializable {
    private static final long serialVersionUID = 1;

    private final int k;
    private final int[] index;
    private final float[] similarity;

    Nearest(int queries, int k) {
        this.k = k;
        index = new int[Math.multiplyExact(queries, k)];
        similarity = new float[index.length];
        Arrays.fill(index, -1);
        Arrays.fill(similarity, Float.NEGATIVE_INFINITY);
    }

    /** Returns what was found. */
    public Neighbors neighbors() {
        return new Neighbors(k, index, similarity);
    }

    /** Considers one row for query q. */
    void offer(int q, int row, float s) {
        int begin = q * k;
        int at = begin + k - 1;
        if (!before(s, row, at)) {
            return;
        }
        while (at > begin && before(s, row, at - 1)) {
            similarity[at] = similarity[at - 1];
            index[at] = index[at - 1];
            at--;
        }
        similarity[at] = s;
        index[at] = row;
    }

    private boolean before(float s, int row, int at) {
        return s > similarity[at] || s == similarity[at] && row < index[at];
    }

    /** The least similarity that a row of query q must exceed, or equal with a lower index, to be among the best. */
    float worst(int q) {
        return similarity[q * k + k - 1];
    }

    /** Takes over what another found. */
    void merge(Nearest other) {
        for (int i = 0; i < other.index.length; i++) {
            if (other.index[i] >= 0) {
                offer(i / k, other.index[i], other.similarity[i]);
            }
        }
    }
}
