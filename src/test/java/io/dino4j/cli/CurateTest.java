package io.dino4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code curate} on the weights of a run of this machine. */
final class CurateTest {
    private static final List<String> STAGES = List.of(
            "pool.copies", "benchmark.copies", "pool.dedup", "pool.emb", "clusters", "curated.emb", "lvd.manifest");

    /** Some stages take milliseconds; to look without a pause would take a processor from the stages. */
    private static final long LOOK_NS = 100_000;

    private static final String CONFIG =
            """
            images: %s
            curated: %s
            benchmark: %s
            out: %s
            embedder: {weights: %s, batch: 8}
            cluster: {k: 6}
            retrieve: {per_image: 3}
            """;

    @TempDir
    private static Path shared;

    private static Path pool;
    private static Path curated;
    private static Path benchmark;
    private static Path run;

    /** A run over all stages, which nothing disturbed, and what it said. */
    private static Path whole;

    private static Outcome done;

    /** The curated images, to be compared as copies. */
    private static Path copies;

    @TempDir
    private Path dir;

    @BeforeAll
    static void imagesAndARun() throws IOException {
        pool = TinyRun.classes(shared.resolve("a pool"), 30, 1);
        Path beside = Files.createDirectories(pool.resolve("kopien ä"));
        try (Stream<Path> files = Files.walk(pool)) {
            for (Path file : files.filter(f -> f.toString().endsWith("0.png")).toList()) {
                Files.copy(file, beside.resolve("copy of " + file.getFileName()));
            }
        }
        Files.write(pool.resolve("empty.png"), new byte[0]);
        curated = TinyRun.classes(shared.resolve("curated"), 4, 2);
        benchmark = Files.createDirectories(shared.resolve("benchmark"));
        Path first = firstPicture(pool);
        Files.copy(first, benchmark.resolve(first.getFileName()));
        run = shared.resolve("run");
        Outcome.of("pretrain", "--config", TinyRun.config(shared), "--images", curated, "--out", run)
                .succeeded();
        whole = shared.resolve("whole");
        done = Outcome.of("curate", "run", "--config", config(shared, whole)).succeeded();
        copies = shared.resolve("copies");
        Outcome.of("curate", "embed", "--images", curated, "--copies", "--out", copies)
                .succeeded();
    }

    private static Path firstPicture(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(f -> f.getFileName().toString().startsWith("picture"))
                    .sorted()
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static Path config(Path folder, Path out) throws IOException {
        return Files.writeString(
                folder.resolve(out.getFileName() + ".yaml"), CONFIG.formatted(pool, curated, benchmark, out, run));
    }

    private static JsonNode summary(Path folder) throws IOException {
        return new ObjectMapper().readTree(folder.resolve("summary.json").toFile());
    }

    @Test
    void aRunGoesFromAPoolToASetToLearnFrom() throws IOException {
        assertTrue(done.err().contains("empty.png: the file is empty"), done.err());
        assertTrue(done.out().endsWith("report: " + whole.resolve("report.html") + "\n"), done.out());
        assertEquals(1, summary(whole.resolve("pool.copies")).get("unreadable").asInt());
        JsonNode dedup = summary(whole.resolve("pool.dedup"));
        assertEquals(90, dedup.get("in").asInt());
        assertTrue(dedup.get("out").asInt() < 60, "copies and the benchmark's picture are gone: " + dedup);
        int retrieved = summary(whole.resolve("lvd.manifest")).get("retrieved").asInt();
        assertTrue(retrieved > 8 && retrieved <= 24, "3 of each of 8, as far as there are free ones: " + retrieved);
        String report = Files.readString(whole.resolve("report.html"));
        for (String stage : STAGES) {
            assertTrue(report.contains("<td>" + stage + "</td>"), stage);
        }
        int pool = dedup.get("out").asInt();
        String row = "<td>retrieve</td><td>%d</td><td>%d</td><td>8</td><td>%d</td>"
                .formatted(pool, pool - retrieved, retrieved + 8);
        assertTrue(report.contains(row), row);
        assertTrue(report.contains("Sizes of clusters") && report.contains("Retrieved images"));
        Outcome again =
                Outcome.of("curate", "run", "--config", config(shared, whole)).succeeded();
        assertEquals(done.out(), again.out());
        assertTrue(again.err().contains("lvd.manifest is done already"), again.err());
        Outcome.of(
                        "pretrain",
                        "--config",
                        TinyRun.config(dir),
                        "--images",
                        whole.resolve("lvd.manifest"),
                        "--out",
                        dir.resolve("run"))
                .succeeded();
    }

    @Test
    void wrongUseIsNamedAndLeavesNothing() throws IOException {
        Path emb = dir.resolve("pool.emb");
        Outcome.of("curate", "embed", "--images", dir.resolve("none"), "--weights", run, "--out", emb)
                .failed(2, "none: no such folder or file");
        Outcome.of("curate", "embed", "--images", curated, "--weights", run, "--size", 30, "--out", emb)
                .failed(2, "--size must be a multiple of 8");
        Outcome.of("curate", "embed", "--images", curated, "--weights", run, "--batch", 257, "--out", emb)
                .failed(2, "expected 1 to 256 images in a batch");
        Outcome.of("curate", "cluster", "--embeddings", curated, "--k", 2, "--out", dir.resolve("c"))
                .failed(2, "curated: has no stage.json");
        try (Stream<Path> files = Files.list(dir)) {
            assertEquals(0, files.count());
        }
        Outcome.of("curate", "embed", "--images", curated, "--weights", run, "--out", emb)
                .succeeded();
        Outcome.of("curate", "embed", "--images", curated, "--weights", run, "--batch", 3, "--out", emb)
                .failed(2, "pool.emb: made with batch = ", "now it is 3", "--force");
        Outcome.of("curate", "cluster", "--embeddings", emb, "--k", 9, "--out", dir.resolve("c"))
                .failed(2, "pool.emb: 8 images do not make 9 clusters");
        Outcome.of(
                        "curate",
                        "retrieve",
                        "--curated",
                        copies,
                        "--pool",
                        emb,
                        "--per-image",
                        1,
                        "--out",
                        dir.resolve("r"))
                .failed(2, "has vectors of", "embed both with the same weights");
        Path yaml = Files.writeString(dir.resolve("bad.yaml"), "imags: x\n");
        Outcome.of("curate", "run", "--config", yaml).failed(2, "bad.yaml: images: is missing");
        Files.writeString(
                yaml,
                "images: x\nout: y\nembedder: {weights: z}\nbalance: {images: 1}\ndedup: {benchmark_threshold: 0.4}\n");
        Outcome.of("curate", "run", "--config", yaml).failed(2, "bad.yaml: dedup.benchmark_threshold: needs benchmark");
        Files.writeString(yaml, "images: x\nout: y\nembedder: {weights: z}\ndedup: {search: some}\n");
        Outcome.of("curate", "run", "--config", yaml)
                .failed(2, "bad.yaml: dedup.search: expected one of [auto, exact, cells], got 'some'");
    }

    @Test
    void imagesAreLookedAtUnlessTheUserTrustsTheVectors() throws IOException {
        for (boolean verified : new boolean[] {true, false}) {
            Path out = dir.resolve("dedup " + verified);
            String[] more = verified ? new String[0] : new String[] {"--no-verify"};
            Object[] args = Stream.concat(
                            Stream.of("curate", "dedup", "--embeddings", copies, "--out", out, "--json"),
                            Stream.of(more))
                    .toArray();
            JsonNode json =
                    new ObjectMapper().readTree(Outcome.of(args).succeeded().out());
            assertEquals(verified, json.get("verified").asBoolean());
            assertEquals(verified ? 0.15 : 0.55, json.get("threshold").asDouble(), 1e-6);
        }
    }

    /** SIGKILL in each stage; the same command, given again, ends in the same set. */
    @Test
    @Tag("process")
    void aRunThatIsKilledInEveryStageEndsInTheSameSet() throws Exception {
        Path out = dir.resolve("out");
        Path config = config(dir, out);
        int killed = 0;
        for (String stage : STAGES) {
            Path draft = out.resolve(stage + ".draft");
            try (RunningProcess process =
                    RunningProcess.start(dir.resolve("log"), "curate", "run", "--config", config)) {
                while (process.isAlive() && !Files.exists(draft.resolve("stage.json"))) {
                    LockSupport.parkNanos(LOOK_NS);
                }
                killed += process.kill() == RunningProcess.KILLED && Files.exists(draft) ? 1 : 0;
            }
        }
        assertTrue(killed >= 3, "killed within a stage " + killed + " times");
        try (RunningProcess process = RunningProcess.start(dir.resolve("log"), "curate", "run", "--config", config)) {
            process.succeeds();
        }
        for (String stage : STAGES) {
            assertFalse(Files.exists(out.resolve(stage + ".draft")), stage);
            assertArrayEquals(
                    Files.readAllBytes(whole.resolve(stage).resolve("images.parquet")),
                    Files.readAllBytes(out.resolve(stage).resolve("images.parquet")),
                    stage);
        }
        assertArrayEquals(
                Files.readAllBytes(whole.resolve("lvd.manifest/retrieved.csv")),
                Files.readAllBytes(out.resolve("lvd.manifest/retrieved.csv")));
    }
}
