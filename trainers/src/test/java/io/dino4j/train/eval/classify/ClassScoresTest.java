package io.dino4j.train.eval.classify;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.dino4j.train.eval.report.Figure;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ClassScoresTest {
    private final ClassScores scores = ClassScores.of(List.of("cat", "dog"), new int[] {0, 0, 1, 1}, new float[][] {
        {0.9f, 0.1f}, {0.4f, 0.6f}, {0.3f, 0.7f}, {0.2f, 0.8f}
    });

    @Test
    void accuracyAndConfusion() {
        assertEquals(0.75, scores.accuracy());
        assertArrayEquals(new long[][] {{1, 1}, {0, 2}}, scores.confusion());
        assertEquals(0.75, scores.meanPerClass().value(), 1e-12);
    }

    /** Three cats right, the one dog wrong: 3 of 4, but half of the classes. A class without images does not count. */
    @Test
    void rareClassesCountAsMuch() {
        float[] cat = {1, 0, 0};
        ClassScores rare = ClassScores.of(
                List.of("cat", "dog", "eel"), new int[] {0, 0, 0, 1}, new float[][] {cat, cat, cat, cat});
        assertEquals(0.75, rare.accuracy());
        assertEquals(0.5, rare.meanPerClass().value(), 1e-12);
        assertEquals(List.of("cat", "dog"), ((Figure.Bars) rare.figures().get(0)).names());
    }

    /** Claims in order: right with .9, .8 and .7, wrong with .6, right with .4. */
    @Test
    void precisionOverRecall() {
        Figure.Curve curve = scores.precisionRecall();
        assertArrayEquals(new double[] {0.25, 0.5, 0.75, 1}, curve.xs());
        assertArrayEquals(new double[] {1, 1, 1, 0.8}, curve.ys(), 1e-12);
    }

    @Test
    void noImagesAreNoAccuracy() {
        assertThrows(IllegalArgumentException.class, () -> ClassScores.of(List.of("cat"), new int[0], new float[0][]));
    }
}
