package io.dino4j.train.eval.dense;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.train.eval.report.Figure;
import io.dino4j.train.eval.report.Metric;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Metrics against values worked out by hand. */
final class DenseScoresTest {
    private static final float NONE = Float.NaN;

    @Test
    void intersectionOverUnionOfAllImagesTogether() {
        SegmentationScores scores = new SegmentationScores(List.of("road", "sky", "car", "tree"));
        scores.add(new int[] {0, 0, 1, -1}, new int[] {0, 1, 1, 2}); // the last does not count
        scores.add(new int[] {0, 1, 1, 1}, new int[] {0, 1, 1, 2});
        // road: 2 right of 3, 2 claimed: 2/3. sky: 3 right of 4, 4 claimed: 3/5. car: never true, once claimed: 0.
        // tree: nowhere
        List<Metric> metrics = scores.metrics();
        assertEquals("mIoU", metrics.get(0).name());
        assertEquals((2.0 / 3 + 3.0 / 5 + 0) / 3, metrics.get(0).value(), 1e-12);
        assertEquals(5.0 / 7, metrics.get(1).value(), 1e-12);
        assertEquals((2.0 / 3 + 3.0 / 4) / 2, metrics.get(2).value(), 1e-12);
        assertEquals(List.of("tree"), scores.absent());
        Figure.Bars bars = (Figure.Bars) scores.figures().get(0);
        assertEquals(List.of("road", "sky", "car"), bars.names());
        // samples of the two images: the first twice has 1/2, 1/2 of two classes, the second twice 1, 2/3, 0 of three,
        // both as above
        assertEquals(19.0 / 45, metrics.get(0).interval().orElseThrow().low(), 1e-12);
        assertEquals(5.0 / 9, metrics.get(0).interval().orElseThrow().high(), 1e-12);
    }

    @Test
    void masksWithoutAClassAreAnErrorNotZero() {
        SegmentationScores scores = new SegmentationScores(List.of("road", "sky"));
        scores.add(new int[] {-1, -1}, new int[] {0, 1});
        String message =
                assertThrows(IllegalArgumentException.class, scores::metrics).getMessage();
        assertTrue(message.contains("no pixel of the 1 masks"), message);
    }

    @Test
    void errorsOfDepth() {
        DepthScores scores = new DepthScores();
        scores.add(new float[] {2, NONE, 4}, new float[] {3, 9, 4}); // off by 1 of 2: ratio 1.5 < 1.25^2
        scores.add(new float[] {1}, new float[] {0.5f}); // ratio 2 > 1.25^3
        scores.add(new float[] {NONE}, new float[] {1});
        List<Metric> m = scores.metrics();
        assertEquals((Math.sqrt(0.5) + 0.5) / 2, m.get(0).value(), 1e-7);
        assertEquals((0.25 + 0.5) / 2, m.get(1).value(), 1e-7);
        assertEquals(0.25, m.get(2).value(), 1e-12);
        assertEquals(0.5, m.get(3).value(), 1e-12);
        assertEquals(0.5, m.get(4).value(), 1e-12);
        assertEquals(1, scores.unknown());
        assertEquals(Metric.Scale.ERROR, m.get(0).scale());
    }

    @Test
    void photosWithoutDepthAreAnErrorNotZero() {
        DepthScores scores = new DepthScores();
        scores.add(new float[] {NONE}, new float[] {1});
        assertThrows(IllegalArgumentException.class, scores::metrics);
    }

    /** As torch's interpolate of (0, 1) to four: 0, 0.25, 0.75, 1. */
    @Test
    void bilinearWithoutAlignedCorners() {
        assertEquals(List.of(0f, 0.25f, 0.75f, 1f), floats(Cells.resize(new float[] {0, 1}, 1, 2, 1, 4)));
        assertEquals(
                List.of(0f, 1f, 0.5f, 1.5f, 1.5f, 2.5f, 2f, 3f),
                floats(Cells.resize(new float[] {0, 1, 2, 3}, 2, 2, 4, 2)));
        assertEquals(List.of(7f, 7f), floats(Cells.resize(new float[] {7}, 1, 1, 2, 1)));
    }

    @Test
    void officialBlocksOfDepthHeads() {
        assertEquals(List.of(2, 5, 8, 11), DepthVariant.blocks(12));
        assertEquals(List.of(4, 11, 17, 23), DepthVariant.blocks(24));
        assertEquals(List.of(9, 19, 29, 39), DepthVariant.blocks(40));
        assertEquals(List.of(0, 2, 3, 5), DepthVariant.blocks(6));
        assertEquals(List.of(0, 1), DepthVariant.blocks(2));
    }

    private static List<Float> floats(float[] values) {
        List<Float> list = new java.util.ArrayList<>();
        for (float v : values) {
            list.add(v);
        }
        return list;
    }
}
