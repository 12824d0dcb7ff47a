package io.dino4j.train.eval.dense;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Progress;
import io.dino4j.data.image.EvalTransform;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageEncoder;
import io.dino4j.data.image.Normalization;
import io.dino4j.train.eval.feature.FeatureCache;
import io.dino4j.train.eval.feature.PixelSubject;
import io.dino4j.train.eval.report.Evaluation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** J and F against values worked out by hand, and masks that are carried along. */
final class MaskTrackerTest {
    @Test
    void regionIsIntersectionOverUnion() {
        boolean[] truth = {true, true, false, false};
        assertEquals(1.0 / 3, MaskAgreement.region(truth, new boolean[] {false, true, true, false}));
        assertEquals(0, MaskAgreement.region(truth, new boolean[4]));
        assertEquals(1, MaskAgreement.region(new boolean[4], new boolean[4]));
    }

    @Test
    void edgesAreWhereTheRightOrLowerPixelDiffers() {
        // one pixel at column 1, row 1 of 3 x 3
        boolean[] mask = new boolean[9];
        mask[4] = true;
        assertArrayEquals(
                new boolean[] {true, true, false, true, true, false, false, false, false},
                MaskAgreement.edges(mask, 3));
    }

    /** 50 x 20: the diagonal is 53.9, so contours match within one pixel. Both contours are one column of 20 pixels. */
    @Test
    void contoursMatchWithinATolerance() {
        assertEquals(1, MaskAgreement.contour(left(20), left(21), 50));
        assertEquals(0, MaskAgreement.contour(left(20), left(22), 50));
        assertEquals(0, MaskAgreement.contour(left(20), new boolean[1000], 50));
        assertEquals(1, MaskAgreement.contour(new boolean[1000], new boolean[1000], 50));
        // the truth has a second contour of 20 pixels: precision 1, recall 1/2
        boolean[] two = left(20);
        for (int p = 0; p < 1000; p++) {
            two[p] |= p % 50 >= 40;
        }
        assertEquals(2.0 / 3, MaskAgreement.contour(two, left(20), 50), 1e-12);
    }

    private static boolean[] left(int columns) {
        boolean[] mask = new boolean[1000];
        for (int p = 0; p < 1000; p++) {
            mask[p] = p % 50 < columns;
        }
        return mask;
    }

    /** Five patches of two kinds: a patch takes the mean of five, of which four have cosine 1 and one 0. */
    @Test
    void labelsAreWeightedByLikeness() {
        float[] features = {1, 0, 1, 0, 1, 0, 1, 0, 0, 1};
        float[] labels = {1, 0, 1, 0, 1, 0, 0, 1, 0, 1};
        float[] next = new Propagation(1, 5, features, labels, 2).next(features);
        double far = Math.exp(-10);
        assertEquals(3 / (4 + far), next[0], 1e-6);
        assertEquals((1 + far) / (4 + far), next[1], 1e-6);
        assertEquals(1 / (1 + 4 * far) + far / (1 + 4 * far), next[9], 1e-6);
    }

    @Test
    void aMovingSquareIsFollowed(@TempDir Path dir) throws IOException {
        Path frames = Files.createDirectories(dir.resolve("JPEGImages/480p/square"));
        Path masks = Files.createDirectories(dir.resolve("Annotations/480p/square"));
        for (int f = 0; f < 5; f++) {
            int left = 8 * f;
            ImageEncoder.write(frame(left), frames.resolve("%05d.png".formatted(f)));
            DenseFiles.grey(masks.resolve("%05d.png".formatted(f)), false, (x, y) -> inside(x, y, left) ? 4 : 0);
        }
        Normalization plain = new Normalization(new float[3], new float[] {1, 1, 1});
        PixelSubject pixels = new PixelSubject("raw pixels", 32, 8, new EvalTransform(32, 32, plain));
        try (FeatureCache cache = FeatureCache.temporary(1)) {
            Evaluation e = new VideoProtocol(VideoData.open(dir), 32).evaluate(pixels, cache, Progress.SILENT);
            assertEquals("J&F", e.headline().name());
            assertTrue(e.headline().value() > 0.7, e.headline().text());
            assertTrue(e.headline().interval().isEmpty(), "one object has no spread");
        }
    }

    private static boolean inside(int x, int y, int left) {
        return x >= left && x < left + 8 && y >= 8 && y < 24;
    }

    private static Image frame(int left) {
        byte[] rgb = new byte[3 * DenseFiles.WIDTH * DenseFiles.HEIGHT];
        for (int p = 0; p < DenseFiles.WIDTH * DenseFiles.HEIGHT; p++) {
            rgb[3 * p + (inside(p % DenseFiles.WIDTH, p / DenseFiles.WIDTH, left) ? 0 : 2)] = (byte) 200;
        }
        return new Image(DenseFiles.WIDTH, DenseFiles.HEIGHT, rgb);
    }
}
