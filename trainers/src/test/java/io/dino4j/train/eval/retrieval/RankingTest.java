package io.dino4j.train.eval.retrieval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

/** Against values worked out by hand. */
final class RankingTest {
    private static final double EXACT = 1e-12;

    private static Ranking of(float[] similarity, int[] positives, int... junk) {
        return Ranking.of(similarity, new Relevance(positives, junk));
    }

    @Test
    void trapezoids() {
        // right, wrong, right, wrong: ranks 0 and 2
        Ranking r = of(new float[] {0.9f, 0.8f, 0.7f, 0.1f}, new int[] {0, 2});
        assertArrayEquals(new int[] {0, 2}, r.ranks());
        // first: (1 + 1/1) / 2 = 1; second: (1/2 + 2/3) / 2 = 7/12; mean 19/24
        assertEquals(19.0 / 24, r.averagePrecision(), EXACT);
        // all wrong but the last: (0/3 + 1/4) / 2
        assertEquals(1.0 / 8, new Ranking(new int[] {3}).averagePrecision(), EXACT);
        assertEquals(1, new Ranking(new int[] {0, 1, 2}).averagePrecision(), EXACT);
    }

    @Test
    void junkIsNotThere() {
        // by similarity: junk, right, wrong, junk, right; without junk ranks 0 and 2
        float[] similarity = {0.5f, 0.9f, 0.8f, 0.4f, 0.6f};
        assertArrayEquals(
                new int[] {0, 2}, of(similarity, new int[] {2, 3}, 1, 0).ranks());
        assertArrayEquals(new int[] {1, 4}, of(similarity, new int[] {2, 3}).ranks());
    }

    @Test
    void wrongImagesComeFirstAmongEquals() {
        float[] equal = {0.3f, 0.3f, 0.3f, 0.3f};
        assertArrayEquals(new int[] {2, 3}, of(equal, new int[] {0, 1}).ranks());
        // one above, one of two equals: 0.5 right, then 0.3 wrong and right, then 0.1 wrong
        assertArrayEquals(
                new int[] {0, 2},
                of(new float[] {0.3f, 0.5f, 0.3f, 0.1f}, new int[] {0, 1}).ranks());
        assertArrayEquals(
                new int[] {1}, of(new float[] {-0f, 0f}, new int[] {0}).ranks());
    }

    @Test
    void precisionStopsAtTheLastRightImage() {
        Ranking r = new Ranking(new int[] {0, 2, 6});
        assertEquals(1, r.precisionAt(1), EXACT);
        assertEquals(2.0 / 5, r.precisionAt(5), EXACT);
        assertEquals(3.0 / 7, r.precisionAt(10), EXACT); // all are found among 7
        assertEquals(0, new Ranking(new int[] {1}).precisionAt(1), EXACT);
    }

    @Test
    void aQueryWithoutARightImageHasNoPrecision() {
        assertThrows(IllegalArgumentException.class, () -> of(new float[] {0.5f}, new int[0]));
        assertThrows(IllegalArgumentException.class, () -> new Ranking(new int[] {1, 1}));
        assertThrows(IllegalArgumentException.class, () -> new Relevance(new int[] {1}, new int[] {1}));
    }

    @Test
    void largestFirst() {
        float[] scores = {-1, 2, 0.5f, 2, -3, 0};
        assertArrayEquals(new int[] {1, 3, 2, 5}, Descending.order(scores, 4));
        assertArrayEquals(new int[] {1, 3, 2, 5, 0, 4}, Descending.order(scores, 100));
    }
}
