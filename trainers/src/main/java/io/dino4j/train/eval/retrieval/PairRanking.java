package io.dino4j.train.eval.retrieval;

import java.util.Arrays;

/**
 * Pairs of a query and a reference, those of all queries in one list by falling score. A pair can only be accepted together with all pairs
 * of at least its score: one threshold serves all queries.
 *
 * @param scores {@code [P]} falling
 * @param queries {@code [P]} the query of each pair
 * @param right {@code [P]} whether the query is a copy of the reference
 * @param wanted {@code [Q]} number of references that each query is a copy of, whether their pairs are in the list or not
 * @see <a href="https://arxiv.org/abs/2106.09672">The 2021 image similarity dataset and challenge, section 5</a>
 */
record PairRanking(float[] scores, int[] queries, boolean[] right, int[] wanted) {
    /**
     * Checks lengths and order.
     *
     * @throws IllegalArgumentException if they do not go together, or nothing is wanted: then there is no precision, which is not 0
     */
    PairRanking {
        if (scores.length != queries.length || scores.length != right.length) {
            throw new IllegalArgumentException(
                    "%d scores, %d queries, %d truths".formatted(scores.length, queries.length, right.length));
        }
        if (Arrays.stream(wanted).sum() == 0) {
            throw new IllegalArgumentException("no query is a copy of anything: there is no average precision");
        }
        for (int i = 1; i < scores.length; i++) {
            if (!(scores[i] <= scores[i - 1])) {
                throw new IllegalArgumentException(
                        "scores do not fall: %s after %s".formatted(scores[i], scores[i - 1]));
            }
        }
    }

    /** How far one can go at a precision: the share of copies found, and the lowest score that is accepted. */
    record Reach(double recall, float threshold) {}

    /** Takes a threshold's precision and recall. */
    @FunctionalInterface
    private interface Step {
        void take(double precision, double recall, float threshold);
    }

    /** All thresholds, from the highest. Queries count as often as their weight says. */
    private void steps(int[] weights, Step to) {
        long all = wantedOf(weights);
        long accepted = 0;
        long found = 0;
        for (int i = 0; i < scores.length; i++) {
            int weight = weights[queries[i]];
            accepted += weight;
            found += right[i] ? weight : 0;
            boolean last = i + 1 == scores.length || scores[i + 1] < scores[i];
            if (last && accepted > 0) {
                to.take((double) found / accepted, (double) found / all, scores[i]);
            }
        }
    }

    /** Every query once. */
    private int[] once() {
        int[] weights = new int[wanted.length];
        Arrays.fill(weights, 1);
        return weights;
    }

    /** Micro average precision, {@code sum_i p(i) (r(i) - r(i - 1))} over thresholds: from 0 to 1. */
    double microAp() {
        return microAp(once());
    }

    /**
     * The same for a sample of the queries.
     *
     * @param weights {@code [Q]} how often each is drawn
     * @return not a number if the sample holds no copy
     */
    double microAp(int[] weights) {
        double[] state = new double[2]; // sum, recall so far
        steps(weights, (precision, recall, threshold) -> {
            state[0] += precision * (recall - state[1]);
            state[1] = recall;
        });
        return wantedOf(weights) == 0 ? Double.NaN : state[0];
    }

    private long wantedOf(int[] weights) {
        long all = 0;
        for (int q = 0; q < wanted.length; q++) {
            all += (long) weights[q] * wanted[q];
        }
        return all;
    }

    /** The largest recall at a precision of at least so much; a recall of 0 and no threshold if there is none. */
    Reach recallAt(double least) {
        return recallAt(least, once());
    }

    /** The same for a sample of the queries; the recall is not a number if the sample holds no copy. */
    Reach recallAt(double least, int[] weights) {
        Reach[] best = {new Reach(wantedOf(weights) == 0 ? Double.NaN : 0, Float.POSITIVE_INFINITY)};
        steps(weights, (precision, recall, threshold) -> {
            if (precision >= least && recall > best[0].recall()) {
                best[0] = new Reach(recall, threshold);
            }
        });
        return best[0];
    }

    /** Recall at each threshold that finds a copy more, and precision there. */
    double[][] curve() {
        double[] recalls = new double[scores.length];
        double[] precisions = new double[scores.length];
        int[] points = {0};
        steps(once(), (precision, recall, threshold) -> {
            if (recall > (points[0] == 0 ? 0 : recalls[points[0] - 1])) {
                recalls[points[0]] = recall;
                precisions[points[0]++] = precision;
            }
        });
        return new double[][] {Arrays.copyOf(recalls, points[0]), Arrays.copyOf(precisions, points[0])};
    }
}
