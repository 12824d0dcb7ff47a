package io.dino4j.data.curation.copy;

import java.util.Arrays;
import java.util.Locale;

/**
 * What is left of a set of images once copies are out. Rows that are joined by pairs, directly or through others, make a group; the best one of
 * it stays. A group of which any row is like an image of a benchmark goes as a whole, as in DINOv2 (appendix A.4): what resembles an evaluation
 * set by way of another image resembles it, too.
 *
 * @param kept rows that stay, ascending
 * @param removed (R) rows that go, ascending
 * @param match (R) for each the row that stays in its place, or the row of the benchmark
 * @param similarity (R) of the two, of a group with a benchmark that of the pair that ties it most
 * @param reason (R) why
 * @param groupSize (G) rows of each group of two or more, ordered by their lowest row
 */
public record Deduplication(
        int[] kept, int[] removed, int[] match, float[] similarity, Reason[] reason, int[] groupSize) {
    /** Why a row goes. */
    public enum Reason {
        /** The same bytes as the row that stays. */
        EXACT,
        /** A copy of the row that stays. */
        NEAR,
        /** Like an image of the benchmark, or in one group with such a row. */
        BENCHMARK;

        /** Returns the name in files. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The similarity of two rows. */
    @FunctionalInterface
    public interface PairSimilarity {
        /** Returns that of a row that goes and the one that stays in its place. */
        float of(int row, int representative);
    }

    /**
     * The nearest image of a benchmark for each row that is near enough to one.
     *
     * @param match (N) row of the benchmark; -1 if none is near enough
     * @param similarity (N) to it
     */
    public record BenchmarkMatches(int[] match, float[] similarity) {
        /** Checks the lengths. */
        public BenchmarkMatches {
            if (match.length != similarity.length) {
                throw new IllegalArgumentException(
                        "%d matches, %d similarities".formatted(match.length, similarity.length));
            }
        }

        /** No row resembles any. */
        public static BenchmarkMatches none(int size) {
            int[] match = new int[size];
            Arrays.fill(match, -1);
            return new BenchmarkMatches(match, new float[size]);
        }
    }

    /**
     * Decides. The result depends on the arguments only, not on the order of the pairs.
     *
     * @param quality of N rows
     * @param exact which rows are the same bytes
     * @param near pairs of copies
     * @param benchmark which rows resemble a benchmark
     * @param similarity looked up for each row that goes as {@link Reason#NEAR}
     */
    public static Deduplication of(
            Quality quality, ExactCopies exact, CopyEdges near, BenchmarkMatches benchmark, PairSimilarity similarity) {
        int n = quality.size();
        Components groups = new Components(n);
        for (int i = 0; i < n; i++) {
            groups.join(i, exact.first()[i]);
        }
        for (int e = 0; e < near.count(); e++) {
            groups.join(near.one()[e], near.other()[e]);
        }
        int[] best = new int[n]; // at the lowest row of a group: the row to keep
        int[] tie = new int[n]; // likewise the row most like the benchmark, or -1
        int[] size = new int[n];
        Arrays.fill(tie, -1);
        for (int i = 0; i < n; i++) {
            int group = groups.find(i);
            best[group] = size[group]++ == 0 || quality.isBetter(i, best[group]) ? i : best[group];
            boolean hit = benchmark.match()[i] >= 0;
            if (hit && (tie[group] < 0 || benchmark.similarity()[i] > benchmark.similarity()[tie[group]])) {
                tie[group] = i;
            }
        }
        Draft draft = new Draft(n);
        for (int i = 0; i < n; i++) {
            int group = groups.find(i);
            if (tie[group] >= 0) {
                int by = benchmark.match()[i] >= 0 ? i : tie[group];
                draft.remove(i, benchmark.match()[by], benchmark.similarity()[by], Reason.BENCHMARK);
            } else if (best[group] == i) {
                draft.keep(i);
            } else if (exact.first()[i] == exact.first()[best[group]]) {
                draft.remove(i, best[group], 1, Reason.EXACT);
            } else {
                draft.remove(i, best[group], similarity.of(i, best[group]), Reason.NEAR);
            }
        }
        return draft.done(Arrays.stream(size).filter(s -> s > 1).toArray());
    }

    /**
     * How many rows go for a reason.
     *
     * @param why the reason
     */
    public int count(Reason why) {
        int count = 0;
        for (Reason r : reason) {
            count += r == why ? 1 : 0;
        }
        return count;
    }

    private static final class Draft {
        private final int[] kept;
        private final int[] removed;
        private final int[] match;
        private final float[] similarity;
        private final Reason[] reason;
        private int stay;
        private int go;

        Draft(int size) {
            kept = new int[size];
            removed = new int[size];
            match = new int[size];
            similarity = new float[size];
            reason = new Reason[size];
        }

        void keep(int row) {
            kept[stay++] = row;
        }

        void remove(int row, int by, float alike, Reason why) {
            removed[go] = row;
            match[go] = by;
            similarity[go] = alike;
            reason[go++] = why;
        }

        Deduplication done(int[] groupSize) {
            return new Deduplication(
                    Arrays.copyOf(kept, stay),
                    Arrays.copyOf(removed, go),
                    Arrays.copyOf(match, go),
                    Arrays.copyOf(similarity, go),
                    Arrays.copyOf(reason, go),
                    groupSize);
        }
    }
}
