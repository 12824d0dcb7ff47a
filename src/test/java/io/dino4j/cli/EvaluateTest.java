package io.dino4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands of {@code evaluate} on a run of a few steps and pictures of two classes. */
final class EvaluateTest {
    @TempDir
    static Path shared;

    private static Path run;
    private static Path data;
    private static Path cache;

    @TempDir
    Path dir;

    @BeforeAll
    static void train() throws IOException {
        data = shared.resolve("data");
        Path train = TinyRun.classes(data.resolve("train"), 12, 0);
        TinyRun.classes(data.resolve("val"), 6, 1);
        run = shared.resolve("run");
        cache = shared.resolve("cache");
        Outcome.of("pretrain", "--config", TinyRun.config(shared), "--images", train, "--out", run, "--epochs", 1)
                .succeeded();
    }

    private static Outcome evaluate(String protocol, Object... rest) {
        return Outcome.of(
                Stream.concat(Stream.of("evaluate", protocol, "--weights", run, "--cache", cache), Stream.of(rest))
                        .toArray());
    }

    @Test
    void severalNetworksAndBaselinesInOneTable() throws IOException {
        Path out = dir.resolve("results");
        Path file = dir.resolve("copy.safetensors");
        Outcome.of("convert", "--weights", run, "--out", file).succeeded();
        String table = evaluate(
                        "knn",
                        "--weights",
                        file,
                        "--size",
                        32,
                        "--baseline",
                        "untrained,pixels",
                        "--data",
                        data,
                        "--out",
                        out)
                .succeeded()
                .out();
        assertTrue(table.contains("| run: teacher after 4 steps |"), table);
        assertTrue(table.contains("| untrained network |") && table.contains("| raw pixels |"), table);
        assertFalse(
                table.contains("copy.safetensors:"), "equal weights and preprocessing are evaluated once: " + table);
        JsonNode results =
                new ObjectMapper().readTree(out.resolve("results.json").toFile());
        assertEquals(3, results.path("evaluations").size());
        assertTrue(results.path("command").asText().startsWith("./dino4j evaluate knn --weights"));
        assertTrue(Files.readString(out.resolve("report.html")).contains("Accuracy over k"));
        assertTrue(table.contains(Files.readString(out.resolve("results.md"))));
    }

    @Test
    void linearHeadsOnAHeldOutPart() throws IOException {
        String text = evaluate("linear", "--data", data, "--steps", 40, "--batch", 8, "--held-out", "0.25", "--json")
                .succeeded()
                .out();
        JsonNode first = new ObjectMapper().readTree(text).path("evaluations").path(0);
        assertEquals("18", first.path("data").path("images to learn from").asText());
        assertEquals("chosen head", first.path("metrics").path(0).path("name").asText());
        assertEquals("52", first.path("settings").path("heads").asText());
        assertEquals(6, first.path("metrics").size());
    }

    @Test
    void regressionAndFewShots() {
        String regression = evaluate("logreg", "--data", data).succeeded().out();
        assertTrue(regression.contains("| features | top-1 | mean per class |"), regression);
        String few = evaluate("fewshot", "--data", data, "--per-class", "1,3", "--draws", 3, "--no-cache")
                .succeeded()
                .out();
        assertTrue(few.contains("k-NN, 3 a class"), few);
    }

    @Test
    void whatIsWrongIsNamed() throws IOException {
        evaluate("all").failed(2, "nothing to evaluate on", "--data");
        evaluate("knn").failed(2, "labelled images are missing");
        evaluate("knn", "--data", data, "--val", data).failed(2, "either --data or --train and --val");
        evaluate("knn", "--data", data, "--per-class", 13).failed(2, "13 images of each class", "there are 12");
        evaluate("knn", "--data", data, "--size", 30).failed(2, "--size must be a multiple of 8");
        evaluate("linear", "--data", data, "--held-out", "1").failed(2, "held out", "1.0");
        evaluate("fewshot", "--data", data, "--draws", 1).failed(2, "two draws or more");
        evaluate("knn", "--data", data, "--baseline", "chance").failed(2, "chance");
        Path file = Files.writeString(dir.resolve("a-file"), "");
        evaluate("knn", "--data", data, "--out", file).failed(2, file.toString(), "is a file");
        Path none = dir.resolve("none.pth");
        evaluate("knn", "--weights", none, "--data", data).failed(2, none.toString(), "no such file");
    }
}
