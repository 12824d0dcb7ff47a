package io.dino4j.train.eval.dense;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Progress;
import io.dino4j.data.image.EvalTransform;
import io.dino4j.data.image.Normalization;
import io.dino4j.train.eval.feature.FeatureCache;
import io.dino4j.train.eval.feature.PixelSubject;
import io.dino4j.train.eval.report.Evaluation;
import io.dino4j.train.eval.report.Figure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole protocols on pictures that any features can tell apart. */
final class DenseProtocolTest {
    private static final DenseSettings SETTINGS = new DenseSettings(32, 0, 25, 0.05, 0);

    @TempDir
    Path dir;

    private static PixelSubject pixels() {
        Normalization plain = new Normalization(new float[3], new float[] {1, 1, 1});
        return new PixelSubject("raw pixels", 32, 8, new EvalTransform(32, 32, plain));
    }

    private Evaluation evaluate(io.dino4j.train.eval.Protocol protocol) throws IOException {
        try (FeatureCache cache = FeatureCache.temporary(1)) {
            return protocol.evaluate(pixels(), cache, Progress.SILENT);
        }
    }

    @Test
    void coloursAreSegmented() throws IOException {
        SegmentationData data = SegmentationData.open(DenseFiles.segmentation(dir, 6, 3));
        assertEquals(List.of("red", "blue"), data.classes().names());
        for (SegmentationVariant variant : SegmentationVariant.values()) {
            Evaluation e = evaluate(new SegmentationProtocol(data, variant, SETTINGS));
            // a border lies between patches: bilinear numbers change sign a pixel or so beside it
            assertTrue(e.headline().value() > 0.9, variant + ": " + e.headline().text());
            Figure.Gallery gallery = (Figure.Gallery) e.figures().get(3);
            assertEquals(3, gallery.panels().size());
            assertEquals(3, gallery.panels().get(0).pictures().size());
        }
    }

    @Test
    void windowsAndSeedsGiveTheSameEveryTime() throws IOException {
        SegmentationData data = SegmentationData.open(DenseFiles.segmentation(dir, 4, 2));
        DenseSettings windows = new DenseSettings(32, 16, 10, 0.05, 5);
        Evaluation first = evaluate(new SegmentationProtocol(data, SegmentationVariant.LINEAR, windows));
        Evaluation second = evaluate(new SegmentationProtocol(data, SegmentationVariant.LINEAR, windows));
        assertTrue(first.headline().value() > 0.9, first.headline().text());
        assertEquals(first.metrics(), second.metrics());
    }

    @Test
    void depthOfColoursIsFound() throws IOException {
        DenseFiles.depth(dir, 6, 3);
        DepthTraining training = new DepthTraining(DepthSet.open(dir.resolve("train")), DepthBins.upTo(4), SETTINGS);
        for (DepthVariant variant : DepthVariant.values()) {
            Evaluation e = evaluate(new DepthProtocol(training, DepthSet.open(dir.resolve("val")), variant));
            assertEquals("RMSE (m)", e.headline().name());
            // a constant has 0.9 or so; a step of depth is smeared over a patch
            assertTrue(e.headline().value() < 0.65, e.headline().text());
        }
    }

    @Test
    void windowsCoverAllOfAnImage() {
        List<Views.View> views = Views.of(0, 320, 240, 240, 1.32, 112, 14);
        assertEquals(420, views.get(0).width());
        assertEquals(322, views.get(0).height());
        boolean[] seen = new boolean[420 * 322];
        for (Views.View v : views) {
            assertEquals(112, v.window().width());
            assertEquals(0, v.window().left() % 14);
            for (int y = 0; y < 112; y++) {
                for (int x = 0; x < 112; x++) {
                    seen[(v.window().top() + y) * 420 + v.window().left() + x] = true;
                }
            }
        }
        for (boolean s : seen) {
            assertTrue(s);
        }
        assertEquals(1, Views.of(0, 320, 240, 240, 1, 0, 8).size());
    }

    @Test
    void badMasksAreNamed() throws IOException {
        DenseFiles.segmentation(dir, 2, 1);
        Path mask = dir.resolve("train/masks/a1.png");
        DenseFiles.grey(mask, false, (x, y) -> x == 5 && y == 2 ? 4 : 3);
        SegmentationData data = SegmentationData.open(dir);
        assertNames(() -> data.mask(data.train(), 1), mask.toString(), "holds 4 at column 5, row 2");
        Files.write(mask, java.util.Arrays.copyOf(Files.readAllBytes(mask), 60));
        assertNames(() -> data.mask(data.train(), 1), mask.toString(), "truncated");
        Files.delete(mask);
        assertNames(() -> SegmentationData.open(dir), mask.toString(), "no such file");
        Files.writeString(dir.resolve("classes.csv"), "index,name\n0,road\nx,sky\n");
        assertNames(
                () -> SegmentationClasses.read(dir.resolve("classes.csv"), Set.of()), "classes.csv, line 3", "number");
    }

    @Test
    void namedNumbersAreIgnored() throws IOException {
        DenseFiles.segmentation(dir, 1, 1);
        Files.writeString(dir.resolve("classes.csv"), "index,name\n3,red\n7,blue\n9,Void\n");
        SegmentationClasses classes = SegmentationClasses.read(dir.resolve("classes.csv"), Set.of(7));
        assertEquals(List.of("red", "Void"), classes.names());
        assertEquals(SegmentationClasses.IGNORED, classes.of(7));
        assertEquals(SegmentationClasses.IGNORED, classes.of(255));
        assertEquals(1, classes.of(9));
        assertEquals(SegmentationClasses.UNKNOWN, classes.of(8));
    }

    @Test
    void depthIsReadToTheMillimetre() throws IOException {
        DenseFiles.depth(dir, 1, 1);
        DenseFiles.grey(dir.resolve("val/depth/a0.png"), true, (x, y) -> y == 0 ? x : 65535 - x);
        float[] depth = DepthSet.open(dir.resolve("val")).depth(0, 100);
        assertTrue(Float.isNaN(depth[0]));
        assertArrayEquals(new float[] {0.001f, 0.002f}, new float[] {depth[1], depth[2]});
        assertEquals(65.496f, depth[2 * DenseFiles.WIDTH - 1]);
        assertTrue(Float.isNaN(DepthSet.open(dir.resolve("val")).depth(0, 10)[DenseFiles.WIDTH]));
    }

    private static void assertNames(org.junit.jupiter.api.function.Executable call, String... parts) {
        String message = assertThrows(IllegalArgumentException.class, call).getMessage();
        for (String part : parts) {
            assertTrue(message.contains(part), message);
        }
    }
}
