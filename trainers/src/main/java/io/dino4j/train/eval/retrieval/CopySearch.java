package io.dino4j.train.eval.retrieval;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The scores of all copies and references, and the pairs worth ranking: of each copy the best references, of all these the best {@value
 * #MOST_PAIRS}, which is what the challenge takes.
 */
final class CopySearch {
    /** Pairs that the challenge takes. */
    static final int MOST_PAIRS = 500_000;

    /** References kept of a copy, at least. */
    private static final int LEAST_KEPT = 100;

    /** Nearest images of the background that a score is measured against. */
    static final int BACKGROUND = 10;

    private final CopySet set;
    private final UnitFeatures references;
    private final int[] originalRows; // -1 for none
    private final float[] offsets; // [Q]
    private final int[] ownRank;
    private final float[] ownScore;
    private final int kept;
    private final float[] scores;
    private final int[] rows;

    private CopySearch(CopySet set, UnitFeatures copies, UnitFeatures references, Optional<UnitFeatures> background) {
        this.set = set;
        this.references = references;
        int q = copies.size();
        originalRows = IntStream.of(set.originals())
                .map(o -> o < 0 ? -1 : references.rowOf()[o])
                .toArray();
        offsets = new float[q];
        background.ifPresent(b -> copies.against(b, (row, cosine) -> offsets[row] = mean(cosine)));
        ownRank = new int[q];
        ownScore = new float[q];
        kept = Math.min(references.size(), Math.max(LEAST_KEPT, MOST_PAIRS / q));
        scores = new float[Math.multiplyExact(q, kept)];
        rows = new int[scores.length];
        copies.against(references, this::take);
    }

    /**
     * Compares all copies with all references.
     *
     * @param background images that none of the copies was made of: the mean cosine of a copy to its {@value #BACKGROUND} nearest of them
     *     is taken off its scores, so that copies that resemble everything do not come first
     * @throws IllegalArgumentException if a copy or an original cannot be read
     */
    static CopySearch of(CopySet set, UnitFeatures copies, UnitFeatures references, Optional<UnitFeatures> background) {
        for (int o : set.originals()) {
            if (o >= 0 && references.rowOf()[o] < 0) {
                throw new IllegalArgumentException("the original %s cannot be read"
                        .formatted(set.references().name(o)));
            }
        }
        return new CopySearch(set, copies.whole(), references, background);
    }

    private static float mean(float[] cosine) {
        int[] best = Descending.order(cosine, BACKGROUND);
        return (float) IntStream.of(best).mapToDouble(i -> cosine[i]).average().orElseThrow();
    }

    private void take(int q, float[] cosine) {
        int[] best = Descending.order(cosine, kept);
        for (int i = 0; i < kept; i++) {
            scores[q * kept + i] = cosine[best[i]] - offsets[q];
            rows[q * kept + i] = best[i];
        }
        int own = originalRows[q];
        if (own >= 0) {
            ownScore[q] = cosine[own] - offsets[q];
            ownRank[q] = Ranking.of(cosine, new Relevance(new int[] {own}, new int[0]))
                    .ranks()[0];
        }
    }

    boolean hasOriginal(int q) {
        return originalRows[q] >= 0;
    }

    /** Where the original of a copy comes among all references, from 0. */
    int ownRank(int q) {
        return ownRank[q];
    }

    /** The score of a copy and its original. */
    float ownScore(int q) {
        return ownScore[q];
    }

    /** Whether each copy's every reference is ranked. */
    boolean isComplete() {
        return kept == references.size() && scores.length <= MOST_PAIRS;
    }

    /** Positions of the pairs, best first. */
    int[] order() {
        return Descending.order(scores, MOST_PAIRS);
    }

    int query(int pair) {
        return pair / kept;
    }

    /** Position of a pair's reference among the references of the set. */
    int reference(int pair) {
        int row = rows[pair];
        int guess = Math.max(0, row); // rows keep the order of images and never come before them
        while (references.rowOf()[guess] != row) {
            guess++;
        }
        return guess;
    }

    boolean isRight(int pair) {
        return rows[pair] == originalRows[query(pair)];
    }

    /** All pairs in one list. */
    PairRanking ranking(int[] order) {
        float[] sorted = new float[order.length];
        int[] queries = new int[order.length];
        boolean[] right = new boolean[order.length];
        for (int i = 0; i < order.length; i++) {
            sorted[i] = scores[order[i]];
            queries[i] = query(order[i]);
            right[i] = isRight(order[i]);
        }
        int[] wanted = Arrays.stream(set.originals()).map(o -> o < 0 ? 0 : 1).toArray();
        return new PairRanking(sorted, queries, right, wanted);
    }
}
