package io.dino4j.data.curation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Seed;
import io.dino4j.data.vector.Neighbors;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Which images of a pool are taken, on lists and clusters written by hand. */
final class RetrievalTest {
    private static final float NONE = Float.NEGATIVE_INFINITY;

    /** Two curated images, lists of three of a pool of five. Image 1 is the best of both, and nearer to the second. */
    private static final Neighbors NEAR =
            new Neighbors(3, new int[] {1, 0, 4, 1, 2, -1}, new float[] {0.8f, 0.5f, -0.1f, 0.9f, -0.3f, NONE});

    @Test
    void anImageGoesToTheNearestAndTheOtherTakesItsNext() {
        Retrieval r = Retrieval.perImage(NEAR, 5, 1, -1, 100);
        assertArrayEquals(new int[] {0, 1}, r.rows());
        assertArrayEquals(new int[] {0, 1}, r.because());
        assertArrayEquals(new float[] {0.5f, 0.9f}, r.similarity());
    }

    @Test
    void listsAreUsedUpAndNothingIsTakenTwice() {
        Retrieval r = Retrieval.perImage(NEAR, 5, 3, -1, 100);
        assertArrayEquals(new int[] {0, 1, 2, 4}, r.rows());
        assertArrayEquals(new int[] {0, 1, 1, 0}, r.because());
    }

    @Test
    void theLeastSimilarityAndTheMostImagesAreKept() {
        assertArrayEquals(
                new int[] {0, 1}, Retrieval.perImage(NEAR, 5, 3, 0, 100).rows());
        assertArrayEquals(
                new int[] {0, 1, 4}, Retrieval.perImage(NEAR, 5, 3, -1, 3).rows()); // 2 is the least similar
        assertEquals(0, Retrieval.perImage(NEAR, 5, 3, 0.95f, 3).size());
    }

    @Test
    void pairsAreTakenInTheOrderOfTheirSimilarityWhateverItsSign() {
        float[] similarities = {0.25f, -0.5f, 1, -1, 0f, -0f, 0.7f, Float.MIN_VALUE, -0.25f};
        int n = similarities.length;
        int[] images = IntStream.range(0, n).toArray();
        Integer[] order = IntStream.range(0, n).boxed().toArray(Integer[]::new);
        Arrays.sort(order, (a, b) -> Float.compare(similarities[b] + 0f, similarities[a] + 0f));
        for (int most = 1; most <= n; most++) {
            int[] expected =
                    Arrays.stream(order, 0, most).mapToInt(i -> i).sorted().toArray();
            int[] rows = Retrieval.perImage(new Neighbors(1, images, similarities), n, 1, -1, most)
                    .rows();
            assertArrayEquals(expected, rows, "most " + most);
        }
    }

    @Test
    void onlyClustersWithEnoughCuratedImagesGive() {
        int[] pool = {0, 0, 0, 1, 1, 2, 2, 2, 2};
        float[] similarity = {.1f, .2f, .3f, .4f, .5f, .6f, .7f, .8f, .9f};
        int[] curated = {2, 2, 1, 2, 0, 0};
        Retrieval r = Retrieval.perCluster(curated, pool, similarity, 3, 100, 2, 1000, new Seed(1));
        assertArrayEquals(new int[] {0, 1, 2, 5, 6, 7, 8}, r.rows());
        assertArrayEquals(new int[] {0, 0, 0, 2, 2, 2, 2}, r.because());
        assertArrayEquals(new float[] {.1f, .2f, .3f, .6f, .7f, .8f, .9f}, r.similarity());
    }

    @Test
    void clustersGiveNoMoreThanTheirShare() {
        int[] pool = new int[1000];
        Arrays.fill(pool, 10, 200, 1);
        Arrays.fill(pool, 200, 1000, 2); // sizes 10, 190, 800
        float[] similarity = new float[pool.length];
        int[] curated = {0, 1, 2};
        Retrieval all = Retrieval.perCluster(curated, pool, similarity, 3, 150, 1, 1000, new Seed(5));
        assertArrayEquals(new int[] {10, 150, 150}, Retrieval.histogram(all.because(), 3));
        Retrieval capped = Retrieval.perCluster(curated, pool, similarity, 3, 150, 1, 101, new Seed(5));
        assertArrayEquals(new int[] {10, 45, 45}, Retrieval.histogram(capped.because(), 3));
        assertEquals(100, IntStream.of(capped.rows()).distinct().count());
        assertTrue(IntStream.of(all.rows()).anyMatch(i -> i > 700), "drawn from all of a cluster, not its start");
        int[] again = Retrieval.perCluster(curated, pool, similarity, 3, 150, 1, 101, new Seed(5))
                .rows();
        assertArrayEquals(again, capped.rows());
        int[] other = Retrieval.perCluster(curated, pool, similarity, 3, 150, 1, 101, new Seed(6))
                .rows();
        assertTrue(!Arrays.equals(other, capped.rows()));
    }
}
