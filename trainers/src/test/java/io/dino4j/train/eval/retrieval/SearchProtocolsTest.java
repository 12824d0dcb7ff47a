package io.dino4j.train.eval.retrieval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Progress;
import io.dino4j.data.image.EvalTransform;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageEncoder;
import io.dino4j.data.image.Normalization;
import io.dino4j.data.source.ImageFolder;
import io.dino4j.train.eval.Protocol;
import io.dino4j.train.eval.feature.FeatureCache;
import io.dino4j.train.eval.feature.PixelSubject;
import io.dino4j.train.eval.report.Evaluation;
import io.dino4j.train.eval.report.Figure;
import io.dino4j.train.eval.report.Metric;
import io.dino4j.zoo.FeatureKind.Pooling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole protocols on a handful of pictures, with pixels as features: what they say follows from the colours. */
final class SearchProtocolsTest {
    private static final int SIDE = 8;
    private static final EvalTransform PLAIN =
            new EvalTransform(SIDE, SIDE, new Normalization(new float[3], new float[] {1, 1, 1}));

    @TempDir
    private Path dir;

    /** A flat picture. */
    private void picture(String name, int red, int green, int blue) throws IOException {
        byte[] rgb = new byte[3 * SIDE * SIDE];
        for (int i = 0; i < rgb.length; i += 3) {
            rgb[i] = (byte) red;
            rgb[i + 1] = (byte) green;
            rgb[i + 2] = (byte) blue;
        }
        Path file = dir.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, ImageEncoder.png(new Image(SIDE, SIDE, rgb)));
    }

    private Evaluation evaluate(Protocol protocol) throws IOException {
        PixelSubject pixels = new PixelSubject("raw pixels", SIDE, SIDE, PLAIN);
        try (FeatureCache cache = FeatureCache.temporary(1)) {
            return protocol.evaluate(pixels, cache, Progress.SILENT);
        }
    }

    private static double value(Evaluation evaluation, String name) {
        return evaluation.metrics().stream()
                .filter(m -> m.name().equals(name))
                .mapToDouble(Metric::value)
                .findFirst()
                .orElseThrow();
    }

    private static Figure figure(Evaluation evaluation, String title) {
        return evaluation.figures().stream()
                .filter(f -> f.title().startsWith(title))
                .findFirst()
                .orElseThrow();
    }

    /** Mean of the database: (90, 90, 90). Query red: towards red 1, then the mixture, then green and blue. */
    private void places() throws IOException {
        picture("red.png", 240, 90, 90);
        picture("red1.png", 180, 60, 60); // straight towards red
        picture("mixed.png", 120, 120, 30); // half way between red and green, away from blue
        picture("green.png", 30, 150, 60);
        picture("blue.png", 30, 30, 210);
        Files.writeString(
                dir.resolve("labels.csv"),
                """
                image,landmark,role
                red.png,red,query
                red1.png,red,database
                mixed.png,,distractor
                green.png,red,database
                blue.png,blue,distractor
                """);
    }

    @Test
    void retrieval() throws IOException {
        places();
        Evaluation found = evaluate(new RetrievalProtocol(RetrievalSet.open(dir, false), Pooling.CLS));
        // cosines to red - mean = (150, 0, 0): 90/99.5, 30/73.5, -60/90, -60/147: red1, mixed, blue, green
        // right ones at ranks 0 and 3: (1 + (1/3 + 2/4) / 2) / 2
        assertEquals((1 + (1.0 / 3 + 0.5) / 2) / 2, value(found, "mAP"), 1e-9);
        assertEquals(1, value(found, "mP@1"), 1e-9);
        assertEquals(0.5, value(found, "mP@5"), 1e-9); // both among the first 4
        assertArrayEquals(
                new double[] {value(found, "mAP")},
                ((Figure.Bars) figure(found, "Average precision by query")).values());
        Figure.Panel panel =
                ((Figure.Gallery) figure(found, "What comes first")).panels().get(0);
        assertEquals(5, panel.pictures().size());
        assertEquals(0x1a, panel.pictures().get(1).at(0, 0, 0)); // right
        assertEquals(0xd7, panel.pictures().get(2).at(0, 0, 0)); // wrong
    }

    @Test
    void leaveOneOutNamesTheImagesThatAreNotAsked() throws IOException {
        places();
        Evaluation found = evaluate(new RetrievalProtocol(RetrievalSet.open(dir, true), Pooling.CLS));
        assertEquals("3", found.data().get("queries"));
        assertEquals("2", found.data().get("images without anything to find, not searched for"));
        assertEquals("retrieval, leave one out", found.protocol());
    }

    @Test
    void aListedImageThatCannotBeReadIsAnError() throws IOException {
        places();
        Files.writeString(dir.resolve("blue.png"), "no picture");
        RetrievalProtocol protocol = new RetrievalProtocol(RetrievalSet.open(dir, false), Pooling.CLS);
        String message = assertThrows(IllegalArgumentException.class, () -> evaluate(protocol))
                .getMessage();
        assertTrue(message.contains("blue.png"), message);
    }

    private void copies(UnaryOperator<String> truth) throws IOException {
        picture("originals/r.png", 210, 30, 30);
        picture("originals/g.png", 30, 210, 30);
        picture("originals/b.png", 30, 30, 210);
        picture("copies/1.png", 150, 60, 60); // r, brighter in the shade
        picture("copies/2.png", 30, 190, 50); // g
        picture("copies/3.png", 120, 110, 40); // g, but nearer to r
        picture("copies/4.png", 30, 30, 200); // much like b, but said to be none
        String rows = "copy,original,transform\n1.png,r.png,fade\n2.png,g.png,fade\n3.png,g.png,hue\n4.png,,\n";
        Files.writeString(dir.resolve("ground_truth.csv"), truth.apply(rows));
    }

    @Test
    void copies() throws IOException {
        copies(rows -> rows);
        Evaluation found =
                evaluate(new CopiesProtocol(CopySet.open(dir, Optional.empty()), Pooling.CLS, Optional.empty()));
        // cosines: 1-r 1, 4-b 0.9993, 2-g 0.993, 3-r 0.596, 3-g 0.398; all others are negative
        assertEquals((1 + 2.0 / 3 + 3.0 / 5) / 3, value(found, "micro-AP"), 1e-9);
        assertEquals(1.0 / 3, value(found, "recall at precision 90%"), 1e-9);
        assertEquals("3", found.data().get("copies"));
        assertEquals("1", found.data().get("images that are no copies"));
        assertEquals(2.0 / 3, value(found, "original first"), 1e-9);
        assertArrayEquals(new double[] {1, 0}, ((Figure.Bars) figure(found, "Original first, by transform")).values());
    }

    @Test
    void theBackgroundPutsScoresInProportion() throws IOException {
        copies(rows -> rows);
        picture("background/b.png", 120, 120, 210); // what resembles this is worth little
        CopySet set = CopySet.open(dir, Optional.empty());
        ImageFolder background = new ImageFolder(dir.resolve("background"));
        Evaluation found = evaluate(new CopiesProtocol(set, Pooling.CLS, Optional.of(background)));
        // 1-r 1 + 0.289, 2-g 0.993 + 0.229, 3-r 0.596 + 0.574, 3-g 0.398 + 0.574, 4-b 0.999 - 0.543
        assertEquals((1 + 1 + 3.0 / 4) / 3, value(found, "micro-AP"), 1e-9);
        assertEquals(2.0 / 3, value(found, "recall at precision 90%"), 1e-9);
        assertArrayEquals(
                new double[] {1, 0}, ((Figure.Bars) figure(found, "Recall at precision 90%, by transform")).values());
        Figure.Curve curve = (Figure.Curve) figure(found, "Precision over recall");
        assertArrayEquals(new double[] {1.0 / 3, 2.0 / 3, 1}, curve.xs(), 1e-9);
        assertArrayEquals(new double[] {1, 1, 0.75}, curve.ys(), 1e-9);
    }

    @Test
    void copiesOfNothing() throws IOException {
        copies(rows -> rows.lines().filter(l -> !l.matches("[123].*")).collect(Collectors.joining("\n")));
        String message = assertThrows(IllegalArgumentException.class, () -> CopySet.open(dir, Optional.empty()))
                .getMessage();
        assertTrue(message.contains("none of the 1 images is a copy"), message);
        copies(rows -> rows.replace("g.png", "x.png"));
        message = assertThrows(IllegalArgumentException.class, () -> CopySet.open(dir, Optional.empty()))
                .getMessage();
        assertTrue(message.contains("'x.png' is not among the 3 references"), message);
    }
}
