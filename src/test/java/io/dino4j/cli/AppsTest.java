package io.dino4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Progress;
import io.dino4j.data.curation.StageSummary;
import io.dino4j.data.image.ImageDecoder;
import io.dino4j.data.image.ImageEncoder;
import io.dino4j.data.source.ImageFolder;
import io.dino4j.examples.apps.DedupPhotos;
import io.dino4j.examples.apps.TransferLearning;
import io.dino4j.zoo.model.LabelledImages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.evaluation.classification.Evaluation;

/** The small applications, and the walk-through of docs/train-on-my-domain.md in a short form. */
final class AppsTest {
    private static final int SIDE = 32;

    @TempDir
    private Path dir;

    @Test
    void fromImagesToAnEvaluatedModel() throws Exception {
        Path train = TinyRun.classes(dir.resolve("train"), 12, 0);
        Path val = TinyRun.classes(dir.resolve("val"), 6, 1);
        Path original =
                files(train.resolve(new ImageFolder(train).classes().get(0))).get(0);
        Files.copy(original, original.resolveSibling("again.png"));

        StageSummary found = DedupPhotos.run(train, dir.resolve("copies"), Progress.SILENT);
        assertEquals(25, found.in());
        assertTrue(found.out() < 25, "the same bytes are one image");
        String removed = Files.readString(dir.resolve("copies/kept/removed.csv"));
        assertTrue(removed.contains("again.png") && removed.contains(",exact,"), removed);

        Path run = dir.resolve("run");
        Outcome.of("pretrain", "--config", TinyRun.config(dir), "--images", dir.resolve("copies/kept"), "--out", run)
                .succeeded();
        String knn = Outcome.of("evaluate", "knn", "--weights", run, "--train", train, "--val", val)
                .succeeded()
                .out();
        assertTrue(knn.contains("%"), knn);
        theClassifierLearnsAndCanBeLoaded(run, train, val);
    }

    private void theClassifierLearnsAndCanBeLoaded(Path run, Path train, Path val) throws IOException {
        Path saved = dir.resolve("classifier.zip");
        Evaluation result = TransferLearning.run(run, train, val, saved, 2);
        assertEquals(12, result.getNumRowCounter(), "every image of val is counted");
        ComputationGraph loaded = ComputationGraph.load(saved.toFile(), false);
        Evaluation again = loaded.evaluate(LabelledImages.evaluation(new ImageFolder(val), SIDE, 32));
        assertEquals(result.accuracy(), again.accuracy());
        Path other = Files.createDirectories(dir.resolve("other"));
        Files.move(val.resolve(new ImageFolder(val).classes().get(0)), other.resolve("another"));
        Files.move(val.resolve(new ImageFolder(val).classes().get(0)), other.resolve("more"));
        String line = assertThrows(
                        IllegalArgumentException.class, () -> TransferLearning.run(run, train, other, saved, 1))
                .getMessage();
        assertTrue(line.contains("has the classes") && line.contains("[another, more]"), line);
    }

    @Test
    void photosAreNotTouched() throws IOException {
        Path photos = TinyRun.pictures(dir.resolve("photos"), 6);
        ImageEncoder.write(
                ImageDecoder.read(photos.resolve("picture-000.png")), photos.resolve("picture-000 small file.jpg"));
        List<Path> before = files(photos);
        byte[] first = Files.readAllBytes(before.get(0));
        StageSummary found = DedupPhotos.run(photos, dir.resolve("out"), Progress.SILENT);
        assertEquals(7, found.in());
        assertEquals(before, files(photos));
        assertArrayEquals(first, Files.readAllBytes(before.get(0)));
        assertTrue(Files.exists(dir.resolve("out/kept/report.html")));
    }

    private static List<Path> files(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }
}
