package io.dino4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./dino4j sweep}, with candidates that train for real. */
final class SweepTest {
    private static final long PATIENCE_NS = 60_000_000_000L;

    /** Two candidates: a grid of one key. Long enough that the first can be killed on its way. */
    private static final String SWEEP =
            """
            base: %s
            images: %s
            val: %s
            epochs: 24
            set: {evaluation.eval_period_iterations: 40}
            search: grid
            space: {optim.base_lr: [0.001, 0.01]}
            """;

    @TempDir
    private Path dir;

    private Path config() throws IOException {
        Path train = TinyRun.classes(dir.resolve("train"), 12, 0);
        Path val = TinyRun.classes(dir.resolve("val"), 6, 1);
        return Files.writeString(dir.resolve("sweep.yaml"), SWEEP.formatted(TinyRun.config(dir), train, val));
    }

    /** SIGKILL of the sweep alone, while its first candidate trains. */
    @Test
    @Tag("process")
    void aSweepThatIsKilledGoesOnAndFindsTheBest() throws Exception {
        Path config = config();
        Path out = dir.resolve("out");
        RunFiles first = new RunFiles(out.resolve("candidates/000/run"));
        try (RunningProcess process =
                RunningProcess.start(dir.resolve("log"), "sweep", "--config", config, "--out", out)) {
            long begun = System.nanoTime();
            while (process.isAlive() && first.newestCheckpoint() < TinyRun.EPOCH) {
                assertTrue(System.nanoTime() - begun < PATIENCE_NS, process::log);
                Thread.sleep(5);
            }
            assertEquals(RunningProcess.KILLED, process.kill());
        }
        assertFalse(Files.exists(out.resolve("candidates/000/result.json")), "the kill came too late");
        Outcome done =
                Outcome.of("sweep", "--config", config, "--out", out, "--json").succeeded();
        JsonNode json = new ObjectMapper().readTree(done.out());
        assertEquals(2, json.get("candidates").size());
        for (JsonNode c : json.get("candidates")) {
            assertEquals("finished", c.get("status").asText());
            assertEquals(24 * TinyRun.EPOCH, c.get("steps").asInt());
            assertEquals(List.of("0", "40", "80", "96"), names(c.get("curve")));
            RunFiles run = new RunFiles(out.resolve(
                    "candidates/%03d/run".formatted(c.get("candidate").asInt())));
            assertEquals(24 * TinyRun.EPOCH, run.numbers().size(), "each step once, in order");
        }
        String log = Files.readString(out.resolve("candidates/000/log.txt"));
        assertTrue(log.contains("stopped after step"), "the orphan noticed: " + log);
        assertEquals(2, log.split("96 steps of 8", -1).length - 1, log);
        Outcome again = Outcome.of("sweep", "--config", config, "--out", out).succeeded();
        assertTrue(again.err().contains("2 of 2 candidates are done already"), again.err());
        assertTrue(again.out().contains("best: " + out.resolve("best.yaml")), again.out());
        Outcome.of(
                        "pretrain",
                        "--config",
                        out.resolve("best.yaml"),
                        "--epochs",
                        2,
                        "--images",
                        dir.resolve("train"),
                        "--out",
                        dir.resolve("best"))
                .succeeded();
    }

    private static List<String> names(JsonNode object) {
        return object.properties().stream().map(Map.Entry::getKey).toList();
    }

    @Test
    void wrongUseIsNamedAndLeavesNothing() throws IOException {
        Path out = dir.resolve("out");
        Path config = config();
        String good = Files.readString(config);
        Outcome.of("sweep", "--config", dir.resolve("none.yaml")).failed(2, "none.yaml: no such file");
        Files.writeString(config, good.replace("optim.base_lr", "optim.base_rate"));
        Outcome.of("sweep", "--config", config, "--out", out)
                .failed(2, "sweep.yaml: unknown key 'optim.base_rate'; did you mean 'optim.base_lr'?");
        Files.writeString(config, good.replace("[0.001, 0.01]", "[0.001, -1]"));
        Outcome.of("sweep", "--config", config, "--out", out)
                .failed(2, "sweep.yaml: optim.base_lr is -1", "allowed: 0 or more");
        Files.writeString(config, good + "parallel: 5000\n");
        Outcome.of("sweep", "--config", config, "--out", out).failed(2, "parallel is 5000; allowed: 1 to");
        Files.writeString(config, good + "stop: {median_after: 4}\nset: {evaluation.eval_period_iterations: 0}\n");
        Outcome.of("sweep", "--config", config, "--out", out).failed(2, "sweep.yaml: line", "is no YAML");
        Files.writeString(config, good.replace("iterations: 40", "iterations: 0") + "stop: {median_after: 4}\n");
        Outcome.of("sweep", "--config", config, "--out", out).failed(2, "evaluation.eval_period_iterations is 0");
        Path flat = TinyRun.pictures(dir.resolve("flat"), 12);
        Files.writeString(config, good.replaceAll("(?m)^val:.*$", "").replaceAll("(?m)^images:.*$", "images: " + flat));
        Outcome.of("sweep", "--config", config, "--out", out).failed(2, "flat has no classes");
        assertFalse(Files.exists(out));
    }
}
