package io.dino4j.train.eval.retrieval;

import java.util.Arrays;

/**
 * Where the right images of one query come in the list of all, by falling similarity, without the junk. Of equal similarities the wrong
 * images come first: features that cannot tell images apart earn nothing by it.
 *
 * @param ranks of the right images, from 0, ascending; one at least
 * @see <a href="https://arxiv.org/abs/1803.11285">Revisiting Oxford and Paris, section 3.3</a>
 */
record Ranking(int[] ranks) {
    /**
     * Checks the ranks.
     *
     * @throws IllegalArgumentException if there are none: the precision of such a query is not 0, it has none
     */
    Ranking {
        if (ranks.length == 0) {
            throw new IllegalArgumentException("a query without a right image has no average precision");
        }
        for (int j = 0; j < ranks.length; j++) {
            if (ranks[j] < (j == 0 ? 0 : ranks[j - 1] + 1)) {
                throw new IllegalArgumentException("ranks do not ascend from 0: " + Arrays.toString(ranks));
            }
        }
    }

    /**
     * Of similarities.
     *
     * @param similarity {@code [N]} of the database
     * @param relevance what is right and what is junk
     */
    static Ranking of(float[] similarity, Relevance relevance) {
        int p = relevance.positives().length;
        float[] right = new float[p];
        boolean[] skipped = new boolean[similarity.length];
        for (int j = 0; j < p; j++) {
            right[j] = similarity[relevance.positives()[j]];
            skipped[relevance.positives()[j]] = true;
        }
        for (int i : relevance.junk()) {
            skipped[i] = true;
        }
        Arrays.sort(right); // ascending
        int[] before = new int[p + 1]; // wrong images that come just before the j-th right one from below
        for (int i = 0; i < similarity.length; i++) {
            if (!skipped[i]) {
                before[notAbove(right, similarity[i])]++;
            }
        }
        int[] ranks = new int[p];
        int wrong = 0;
        for (int j = 0; j < p; j++) { // from the best right one down
            wrong += before[p - j];
            ranks[j] = wrong + j;
        }
        return new Ranking(ranks);
    }

    /** How many numbers are no larger than a value. */
    private static int notAbove(float[] ascending, float value) {
        int low = 0;
        int high = ascending.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (ascending[middle] <= value) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /**
     * The area under precision over recall by trapezoids, as the Oxford and Paris benchmarks have it: {@code AP = 1/P sum_j (j/r_j +
     * (j+1)/(r_j+1)) / 2}, where {@code r_j} is the rank of the j-th right image, both from 0, and {@code 0/0} counts as 1.
     *
     * @return from 0 to 1
     */
    double averagePrecision() {
        double sum = 0;
        for (int j = 0; j < ranks.length; j++) {
            double before = ranks[j] == 0 ? 1 : (double) j / ranks[j];
            double after = (j + 1.0) / (ranks[j] + 1);
            sum += (before + after) / 2;
        }
        return sum / ranks.length;
    }

    /**
     * The share of right images among the first k, or among those down to the last right one if this comes earlier: otherwise a query
     * with two right images could not have more than 20% at 10.
     *
     * @param k 1 or more
     * @return from 0 to 1
     */
    double precisionAt(int k) {
        int among = Math.min(ranks[ranks.length - 1] + 1, k);
        return (double) Arrays.stream(ranks).filter(r -> r < among).count() / among;
    }
}
