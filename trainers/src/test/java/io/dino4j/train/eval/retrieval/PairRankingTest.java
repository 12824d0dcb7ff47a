package io.dino4j.train.eval.retrieval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Against values worked out by hand. */
final class PairRankingTest {
    private static final double EXACT = 1e-12;

    /** Copies 0 and 1 have an original, copy 2 has one that is not in the list, copy 3 is none. */
    private final PairRanking pairs = new PairRanking(
            new float[] {0.9f, 0.8f, 0.7f, 0.6f},
            new int[] {0, 3, 1, 2},
            new boolean[] {true, false, true, false},
            new int[] {1, 1, 1, 0});

    @Test
    void microAveragePrecision() {
        // precisions 1 and 2/3, each for a third of what is wanted
        assertEquals((1 + 2.0 / 3) / 3, pairs.microAp(), EXACT);
    }

    @Test
    void equalScoresAreAcceptedTogether() {
        PairRanking tied = new PairRanking(
                new float[] {0.9f, 0.5f, 0.5f, 0.5f},
                new int[] {0, 0, 1, 1},
                new boolean[] {false, true, false, true},
                new int[] {1, 1});
        assertEquals(2.0 / 4, tied.microAp(), EXACT); // both are found at once, at a precision of 2 in 4
        assertArrayEquals(new double[] {1}, tied.curve()[0], EXACT);
        assertArrayEquals(new double[] {0.5}, tied.curve()[1], EXACT);
    }

    @Test
    void weightsAreRepetitions() {
        // copy 0 twice, copy 3 once: found 2 of 2 before anything wrong
        assertEquals(1, pairs.microAp(new int[] {2, 0, 0, 1}), EXACT);
        // copy 1 and copy 3 twice: precision 1/3
        assertEquals(1.0 / 3, pairs.microAp(new int[] {0, 1, 0, 2}), EXACT);
        assertTrue(Double.isNaN(pairs.microAp(new int[] {0, 0, 0, 4})));
        assertEquals(0, pairs.microAp(new int[] {0, 0, 4, 0}), EXACT);
    }

    @Test
    void recallAtAPrecision() {
        assertEquals(new PairRanking.Reach(1.0 / 3, 0.9f), pairs.recallAt(0.9));
        assertEquals(new PairRanking.Reach(2.0 / 3, 0.7f), pairs.recallAt(0.6));
        PairRanking wrongFirst =
                new PairRanking(new float[] {1, 0.5f}, new int[] {0, 0}, new boolean[] {false, true}, new int[] {1});
        assertEquals(new PairRanking.Reach(0, Float.POSITIVE_INFINITY), wrongFirst.recallAt(0.9));
    }

    @Test
    void nothingWantedIsAnError() {
        assertThrows(
                IllegalArgumentException.class,
                () -> new PairRanking(new float[] {1}, new int[] {0}, new boolean[] {false}, new int[] {0}));
        assertThrows(
                IllegalArgumentException.class,
                () -> new PairRanking(new float[] {0, 1}, new int[] {0, 0}, new boolean[2], new int[] {1}));
    }
}
