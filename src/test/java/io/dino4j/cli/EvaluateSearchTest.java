package io.dino4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code evaluate retrieval} and {@code evaluate copies}: pictures that are the same but for their names are found, and bad input is told of. */
final class EvaluateSearchTest {
    @TempDir
    private static Path shared;

    private static Path run;
    private static Path places;
    private static Path copies;

    @BeforeAll
    static void aRunAndPictures() throws IOException {
        Path pictures = TinyRun.pictures(shared.resolve("pictures"), 16);
        run = shared.resolve("run");
        Outcome.of("pretrain", "--config", TinyRun.config(shared), "--images", pictures, "--out", run)
                .succeeded();
        places = Files.createDirectories(shared.resolve("places"));
        StringBuilder labels = new StringBuilder("image,landmark,role\n");
        copies = shared.resolve("copies");
        Files.createDirectories(copies.resolve("copies"));
        Files.createDirectories(copies.resolve("originals"));
        StringBuilder truth = new StringBuilder("copy,original,transform,parameters\n");
        for (int i = 0; i < 4; i++) {
            Path picture = pictures.resolve("picture-%03d.png".formatted(i));
            Files.copy(picture, places.resolve(i + "-asked.png"));
            Files.copy(picture, places.resolve(i + "-there.png"));
            labels.append("%d-asked.png,place %d,query%n%d-there.png,place %d,database%n".formatted(i, i, i, i));
            Files.copy(picture, copies.resolve("originals").resolve(i + ".png"));
            Files.copy(picture, copies.resolve("copies").resolve("c" + i + ".png"));
            truth.append("c%d.png,%d.png,none,\"a, b\"%n".formatted(i, i));
        }
        Files.writeString(places.resolve("labels.csv"), labels);
        Files.writeString(copies.resolve("ground_truth.csv"), truth);
    }

    private static JsonNode evaluations(Outcome outcome) throws IOException {
        return new ObjectMapper().readTree(outcome.succeeded().out()).get("evaluations");
    }

    private static void assertPerfect(JsonNode evaluation) {
        StreamSupport.stream(evaluation.get("metrics").spliterator(), false)
                .forEach(m -> assertEquals(1, m.get("value").asDouble(), 1e-9, m.toString()));
    }

    @Test
    void samePicturesAreFound(@TempDir Path out) throws IOException {
        JsonNode found = evaluations(Outcome.of(
                "evaluate",
                "retrieval",
                "--weights",
                run,
                "--data",
                places,
                "--leave-one-out",
                "--baseline",
                "pixels",
                "--features", "mean", "--no-cache",
                "--out",
                out,
                "--json"));
        assertEquals(4, found.size()); // two subjects, two protocols
        found.forEach(EvaluateSearchTest::assertPerfect);
        assertTrue(Files.readString(out.resolve("report.html")).contains("What comes first"));
    }

    @Test
    void copiesAreFound() throws IOException {
        JsonNode found = evaluations(Outcome.of(
                "evaluate",
                "copies",
                "--weights",
                run,
                "--data",
                copies,
                "--no-cache",
                "--features",
                "mean",
                "--json"));
        assertEquals(1, found.size());
        assertPerfect(found.get(0));
    }

    @Test
    void allTakesBoth() throws IOException {
        JsonNode found = evaluations(Outcome.of(
                "evaluate",
                "all",
                "--weights",
                run,
                "--retrieval",
                places,
                "--copies",
                copies,
                "--no-cache",
                "--json"));
        assertEquals(2, found.size());
        // cls tokens of so small a network are too much alike to tell more from
        assertEquals("retrieval", found.get(0).get("protocol").asText());
        assertEquals("copies", found.get(1).get("protocol").asText());
    }

    @Test
    void whatIsWrongIsToldInOneLine(@TempDir Path dir) {
        Outcome.of("evaluate", "retrieval", "--weights", run, "--data", dir)
                .failed(2, "neither labels.csv nor one file gnd_");
        Outcome.of("evaluate", "retrieval", "--weights", run, "--data", dir.resolve("x"))
                .failed(2, "no such folder");
        Outcome.of("evaluate", "copies", "--weights", run, "--data", dir).failed(2, "ground_truth.csv", "no such file");
        Outcome.of("evaluate", "copies", "--weights", run, "--data", copies, "--features", "patches")
                .failed(2, "--features must be cls, mean or cls+mean");
        Outcome.of("evaluate", "all", "--weights", run, "--references", dir).failed(2, "--copies, which is missing");
    }
}
