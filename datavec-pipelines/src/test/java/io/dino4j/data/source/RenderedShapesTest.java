package io.dino4j.data.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.image.Image;
import io.dino4j.data.image.ResizeShortSide;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class RenderedShapesTest {
    @Test
    void equalSeedsDrawEqualPictures() {
        RenderedShapes first = RenderedShapes.draw("train", 30, 24, 5);
        RenderedShapes again = RenderedShapes.draw("train", 30, 24, 5);
        for (int i = 0; i < 30; i++) {
            assertEquals(first.read(i), again.read(i));
        }
        assertNotEquals(first.read(0), RenderedShapes.draw("train", 30, 24, 6).read(0));
        assertNotEquals(first.read(0), RenderedShapes.draw("test", 30, 24, 5).read(0));
    }

    @Test
    void theKindsAreBalanced() {
        RenderedShapes test = RenderedShapes.test(1);
        assertEquals(500, test.size());
        assertEquals(10, test.classes().size());
        for (int kind = 0; kind < 10; kind++) {
            int wanted = kind;
            assertEquals(
                    50,
                    IntStream.range(0, 500).filter(i -> test.label(i) == wanted).count());
        }
    }

    @Test
    void comparingPixelsHardlyTellsTheKindsApart() {
        float[][] train = pixels(RenderedShapes.train(1));
        float[][] test = pixels(RenderedShapes.draw("test", 200, RenderedShapes.SIZE, 1));
        int right = 0;
        for (int i = 0; i < test.length; i++) {
            right += nearest(train, test[i]) % 10 == i % 10 ? 1 : 0;
        }
        assertTrue(right < 0.3 * test.length, right + " of " + test.length);
    }

    private static int nearest(float[][] train, float[] query) {
        int best = 0;
        double most = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < train.length; j++) {
            double dot = 0;
            for (int d = 0; d < query.length; d++) {
                dot += train[j][d] * query[d];
            }
            if (dot > most) {
                most = dot;
                best = j;
            }
        }
        return best;
    }

    /** Brightness at a quarter of the size, mean removed and scaled to unit length. */
    private static float[][] pixels(RenderedShapes shapes) {
        float[][] all = new float[shapes.size()][];
        ResizeShortSide smaller = new ResizeShortSide(24);
        for (int i = 0; i < all.length; i++) {
            Image image = smaller.apply(shapes.read(i), new SplittableRandom());
            float[] values = new float[24 * 24];
            double mean = 0;
            for (int p = 0; p < values.length; p++) {
                values[p] = image.rgb()[3 * p + 1] & 0xff;
                mean += values[p] / values.length;
            }
            double norm = 0;
            for (int p = 0; p < values.length; p++) {
                values[p] -= (float) mean;
                norm += values[p] * values[p];
            }
            for (int p = 0; p < values.length; p++) {
                values[p] /= (float) Math.sqrt(norm);
            }
            all[i] = values;
        }
        return all;
    }
}
