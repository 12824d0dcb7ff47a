package io.dino4j.train.eval.classify;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Progress;
import io.dino4j.data.Seed;
import io.dino4j.data.image.EvalTransform;
import io.dino4j.train.eval.Protocol;
import io.dino4j.train.eval.feature.FeatureCache;
import io.dino4j.train.eval.feature.MadeImages;
import io.dino4j.train.eval.feature.PixelSubject;
import io.dino4j.train.eval.report.Evaluation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** All protocols on images that differ in brightness: whoever cannot tell these apart is broken. */
final class ProtocolsTest {
    private final LabelledSplit split = new LabelledSplit(new MadeImages(60), new MadeImages(40));
    private final PixelSubject pixels = new PixelSubject("raw pixels", 8, 4, EvalTransform.of(8));

    @TempDir
    Path dir;

    private Evaluation evaluate(Protocol protocol) throws IOException {
        return protocol.evaluate(pixels, FeatureCache.in(dir, 1), Progress.SILENT);
    }

    private static double value(Evaluation e, String metric) {
        return e.metrics().stream()
                .filter(m -> m.name().equals(metric))
                .findFirst()
                .orElseThrow()
                .value();
    }

    @Test
    void whatIsEasyIsSolved() throws IOException {
        assertEquals(1, value(evaluate(new KnnProtocol(split)), "k = 20"));
        assertEquals(1, value(evaluate(new LinearProtocol(split, 16, 300, 0, 0)), "best head"));
        assertEquals(1, value(evaluate(new LogisticProtocol(split, 0)), "top-1"));
        Evaluation few = evaluate(new FewShotProtocol(split, List.of(1, 5), 3, 0));
        assertTrue(
                value(few, "logistic regression, 5 a class") > 0.9,
                few.metrics().toString());
    }

    @Test
    void equalSeedsGiveEqualResults() throws IOException {
        Protocol linear = new LinearProtocol(split, 16, 50, 0.2, 3);
        Evaluation a = evaluate(linear);
        assertEquals(a.metrics(), evaluate(linear).metrics());
        assertEquals("48", a.data().get("images to learn from"));
        assertTrue(a.settings().get("the best is chosen on").contains("12 training images"));
    }

    @Test
    void fewNeighboursOfEachClass() throws IOException {
        Evaluation few = evaluate(new KnnProtocol(split, OptionalInt.of(2), 1));
        assertEquals("4", few.data().get("images to learn from"));
        Exception many = assertThrows(
                IllegalArgumentException.class, () -> evaluate(new KnnProtocol(split, OptionalInt.of(31), 1)));
        assertTrue(many.getMessage().contains("'dark' there are 30"), many.getMessage());
    }

    @Test
    void ksBeyondTheSetAreLeftOut() {
        assertArrayEquals(new int[] {10, 20}, KnnProtocol.ks(8));
        assertArrayEquals(new int[] {10, 20, 100}, KnnProtocol.ks(199));
        assertArrayEquals(new int[] {10, 20, 100, 200}, KnnProtocol.ks(200));
    }

    @Test
    void drawsHaveAsManyOfEachClass() {
        int[] labels = {0, 1, 0, 1, 0, 1, 0};
        int[] drawn = LabelledFeatures.few(labels, List.of("a", "b"), 2, new Seed(9));
        assertEquals(4, Arrays.stream(drawn).distinct().count());
        assertEquals(2, Arrays.stream(drawn).filter(i -> labels[i] == 0).count());
        assertArrayEquals(drawn, LabelledFeatures.few(labels, List.of("a", "b"), 2, new Seed(9)));
    }
}
