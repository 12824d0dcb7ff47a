package io.dino4j.data.curation.copy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.curation.copy.Deduplication.BenchmarkMatches;
import io.dino4j.data.curation.copy.Deduplication.Reason;
import io.dino4j.data.file.Sha256;
import io.dino4j.data.vector.Neighbors;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Pairs to groups, and what stays of them. */
final class DeduplicationTest {
    private static final Deduplication.PairSimilarity HALF = (row, representative) -> 0.5f;

    private static ExactCopies distinct(int size) {
        return new ExactCopies(IntStream.range(0, size).toArray());
    }

    private static Quality equal(int size) {
        long[] ones = new long[size];
        Arrays.fill(ones, 1);
        return new Quality(ones, ones);
    }

    private static CopyEdges edges(int... ends) {
        int n = ends.length / 2;
        int[] one = IntStream.range(0, n).map(i -> ends[2 * i]).toArray();
        int[] other = IntStream.range(0, n).map(i -> ends[2 * i + 1]).toArray();
        float[] similarity = new float[n];
        Arrays.fill(similarity, 0.9f);
        return new CopyEdges(one, other, similarity);
    }

    @Test
    void groupsAreWhatPairsReachFromAnyRow() {
        SplittableRandom rng = new SplittableRandom(3);
        for (int trial = 0; trial < 50; trial++) {
            int n = 2 + rng.nextInt(40);
            int[] ends = rng.ints(2L * rng.nextInt(40), 0, n).toArray();
            boolean[][] reach = new boolean[n][n];
            for (int i = 0; i < n; i++) {
                reach[i][i] = true;
            }
            Components groups = new Components(n);
            for (int e = 0; e < ends.length; e += 2) {
                reach[ends[e]][ends[e + 1]] = true;
                reach[ends[e + 1]][ends[e]] = true;
                groups.join(ends[e], ends[e + 1]);
            }
            for (int k = 0; k < n; k++) { // Warshall
                for (int i = 0; i < n; i++) {
                    for (int j = 0; j < n; j++) {
                        reach[i][j] |= reach[i][k] && reach[k][j];
                    }
                }
            }
            for (int i = 0; i < n; i++) {
                boolean[] row = reach[i];
                int lowest =
                        IntStream.range(0, n).filter(j -> row[j]).findFirst().orElseThrow();
                assertEquals(lowest, groups.find(i));
            }
        }
    }

    @Test
    void theBestStaysByPixelsThenBytesThenPlace() {
        Quality quality = new Quality(new long[] {10, 40, 40, 40, 5, 5}, new long[] {900, 7, 8, 8, 3, 3});
        Deduplication done =
                Deduplication.of(quality, distinct(6), edges(0, 1, 1, 2, 2, 3, 4, 5), BenchmarkMatches.none(6), HALF);
        assertArrayEquals(new int[] {2, 4}, done.kept());
        assertArrayEquals(new int[] {0, 1, 3, 5}, done.removed());
        assertArrayEquals(new int[] {2, 2, 2, 4}, done.match());
        assertArrayEquals(new int[] {4, 2}, done.groupSize());
        assertEquals(4, done.count(Reason.NEAR));
    }

    @Test
    void aGroupThatResemblesTheBenchmarkGoesAsAWhole() {
        BenchmarkMatches hits = new BenchmarkMatches(new int[] {-1, 7, 8, -1, -1}, new float[] {0, 0.5f, 0.8f, 0, 0});
        Deduplication done = Deduplication.of(equal(5), distinct(5), edges(0, 1, 1, 2), hits, HALF);
        assertArrayEquals(new int[] {3, 4}, done.kept());
        assertArrayEquals(new int[] {0, 1, 2}, done.removed());
        assertArrayEquals(
                new int[] {8, 7, 8}, done.match(), "one's own match, else that of the pair that ties the group most");
        assertArrayEquals(new float[] {0.8f, 0.5f, 0.8f}, done.similarity());
        assertEquals(3, done.count(Reason.BENCHMARK));
    }

    @Test
    void sameBytesAreExactOnlyIfTheyAreThoseOfTheRowThatStays() {
        String[] files = {"a", "b", "a", "b", "c"};
        ExactCopies exact = ExactCopies.of(5, i -> Sha256.of(files[i].getBytes()));
        assertArrayEquals(new int[] {0, 1, 0, 1, 4}, exact.first());
        assertArrayEquals(new int[] {0, 1, 4}, exact.distinct());
        Quality quality = new Quality(new long[] {9, 1, 9, 1, 1}, new long[5]);
        Deduplication done = Deduplication.of(quality, exact, edges(0, 1), BenchmarkMatches.none(5), HALF);
        assertArrayEquals(new int[] {0, 4}, done.kept());
        assertArrayEquals(new Reason[] {Reason.NEAR, Reason.EXACT, Reason.NEAR}, done.reason());
        assertArrayEquals(new float[] {0.5f, 1, 0.5f}, done.similarity());
    }

    @Test
    void hashesWithOneBeginningAreToldApart() {
        String begin = "0123456789abcdef";
        String[] hashes = {
            begin + "a".repeat(48), begin + "b".repeat(48), begin + "a".repeat(48), begin + "b".repeat(48)
        };
        assertArrayEquals(
                new int[] {0, 1, 0, 1}, ExactCopies.of(4, i -> hashes[i]).first());
    }

    @Test
    void aGraphGivesEachPairOnceAndNoneBelowTheThreshold() {
        float no = Float.NEGATIVE_INFINITY;
        Neighbors graph = new Neighbors(2, new int[] {0, 2, 0, 2, 0, -1}, new float[] {1, 0.7f, 0.6f, 0.3f, 0.7f, no});
        CopyEdges pairs = CopyEdges.of(graph, 0, 0.6f);
        assertArrayEquals(new int[] {0, 0}, pairs.one());
        assertArrayEquals(new int[] {1, 2}, pairs.other());
        assertArrayEquals(new float[] {0.6f, 0.7f}, pairs.similarity());
        assertEquals(1, CopyEdges.of(graph, 0, Math.nextUp(0.6f)).count());
        assertEquals(1, pairs.onto(new int[] {0, 1, 1}).count(), "both lead to 1");
        assertEquals(0, pairs.onto(new int[] {2, 2, 2}).count(), "a row with itself is no pair");
        assertArrayEquals(
                new int[] {2}, pairs.select(new boolean[] {false, true}).other());
    }

    @Test
    void theOrderOfPairsDoesNotMatter() {
        SplittableRandom rng = new SplittableRandom(8);
        int n = 200;
        int[] ends = rng.ints(160, 0, n).toArray();
        int[] backwards = IntStream.range(0, ends.length)
                .map(i -> ends[ends.length - 1 - i])
                .toArray();
        Quality quality =
                new Quality(rng.longs(n, 1, 4).toArray(), rng.longs(n, 1, 4).toArray());
        Deduplication one = Deduplication.of(quality, distinct(n), edges(ends), BenchmarkMatches.none(n), HALF);
        Deduplication two = Deduplication.of(quality, distinct(n), edges(backwards), BenchmarkMatches.none(n), HALF);
        assertArrayEquals(one.kept(), two.kept());
        assertArrayEquals(one.match(), two.match());
        assertEquals(n, one.kept().length + one.removed().length);
        assertTrue(one.removed().length > 20);
    }

    @Test
    void numbersAreOrderedAndEqualOnesKeepTheirPlaces() {
        long[] keys = new SplittableRandom(1).longs(1001, 0, 50).toArray();
        int[] expected = IntStream.range(0, keys.length)
                .boxed()
                .sorted((a, b) -> Long.compare(keys[a], keys[b]))
                .mapToInt(i -> i)
                .toArray();
        assertArrayEquals(expected, Order.of(keys));
        assertArrayEquals(new int[0], Order.of(new long[0]));
    }

    @Test
    void listsOfOtherLengthsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new CopyEdges(new int[1], new int[2], new float[1]));
        assertThrows(IllegalArgumentException.class, () -> new Quality(new long[1], new long[2]));
        assertThrows(IllegalArgumentException.class, () -> new CopyVerifier(0));
    }
}
