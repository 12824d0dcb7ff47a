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
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code extract} and {@code benchmark extract} on the weights of a run of this machine. */
final class ExtractTest {
    private static final int COUNT = 60;

    @TempDir
    private static Path shared;

    private static Path images;
    private static Path run;

    @TempDir
    private Path dir;

    @BeforeAll
    static void aFinishedRun() throws IOException {
        images = TinyRun.pictures(shared.resolve("images"), COUNT);
        run = shared.resolve("run");
        Outcome.of("pretrain", "--config", TinyRun.config(shared), "--images", images, "--out", run)
                .succeeded();
        Files.write(images.resolve("a-cut.png"), new byte[50]);
    }

    private static Outcome extract(Path out, Object... more) {
        return extract(images, out, more);
    }

    private static Outcome extract(Path images, Path out, Object... more) {
        return Outcome.of(
                Stream.concat(Stream.of("extract", "--weights", run, "--images", images, "--out", out), Stream.of(more))
                        .toArray());
    }

    @Test
    void everyFormatIsWrittenAndUnreadableImagesAreNamed() throws IOException {
        for (String name : List.of("f.parquet", "f.npy", "f.safetensors")) {
            Path out = dir.resolve(name);
            Outcome done = extract(out, "--features", "cls+mean", "--layers", 2).succeeded();
            assertTrue(done.out().startsWith("60 images in " + out), done.out());
            assertTrue(done.out().contains("; 1 could not be read"), done.out());
            assertTrue(done.err().contains("a-cut.png"), done.err());
            assertTrue(Files.size(out) > COUNT * 3L * 32 * Float.BYTES, "3 features of 32 floats for every image");
        }
        try (Stream<Path> files = Files.list(dir)) {
            assertEquals(
                    List.of("f.npy", "f.npy.csv", "f.parquet", "f.safetensors", "f.safetensors.csv"),
                    files.map(p -> p.getFileName().toString()).sorted().toList());
        }
    }

    @Test
    void programsGetJson() throws IOException {
        Path out = dir.resolve("f.parquet");
        JsonNode json = new ObjectMapper()
                .readTree(extract(out, "--json", "--features", "patches", "--keep-aspect")
                        .succeeded()
                        .out());
        assertEquals(COUNT, json.get("rows").asInt());
        assertEquals(1, json.get("unreadable").size());
        assertTrue(json.get("images_per_second").asDouble() > 0);
    }

    @Test
    void wrongUseIsNamedAndLeavesNothing() throws IOException {
        extract(dir.resolve("f.txt")).failed(2, "f.txt", ".parquet, .npy or .safetensors");
        extract(dir.resolve("f.npy"), "--features", "best").failed(2, "--features must be cls, mean", "'best'");
        extract(dir.resolve("f.npy"), "--layers", 3).failed(2, "the last 3 layers", "the backbone has 2");
        extract(dir.resolve("f.npy"), "--layers", 0).failed(2, "--layers must be 1 or more");
        extract(dir.resolve("f.npy"), "--size", 30).failed(2, "--size must be a multiple of 8");
        extract(dir.resolve("f.npy"), "--batch", 0).failed(2, "--batch must be 1 or more");
        extract(dir.resolve("f.npy"), "--precision", "f64").failed(2, "--precision must be f32 or bf16");
        extract(dir.resolve("f.npy"), "--features", "patches", "--keep-aspect")
                .failed(2, "f.npy", "fit into a .parquet file only");
        extract(dir.resolve("f.npy"), "--resize", 40, "--keep-aspect").failed(2, "--resize");
        Outcome.of("extract", "--weights", run, "--images", dir.resolve("none"), "--out", dir.resolve("f.npy"))
                .failed(2, "none: no such folder");
        Outcome.of("extract", "--weights", dir.resolve("w.pth"), "--images", images, "--out", dir.resolve("f.npy"))
                .failed(2, "w.pth: no such file");
        try (Stream<Path> files = Files.list(dir)) {
            assertEquals(0, files.count());
        }
        Path out = dir.resolve("f.npy");
        extract(out).succeeded();
        byte[] before = Files.readAllBytes(out);
        extract(out, "--features", "mean").failed(2, "f.npy", "exists already");
        assertArrayEquals(before, Files.readAllBytes(out));
        extract(out, "--features", "mean", "--force").succeeded();
        assertFalse(Arrays.equals(before, Files.readAllBytes(out)));
    }

    private static long parts(Path out) throws IOException {
        Path folder = out.resolveSibling(out.getFileName() + ".parts");
        if (!Files.isDirectory(folder)) {
            return 0;
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(p -> p.getFileName().toString().matches("part-\\d+\\.json"))
                    .count();
        }
    }

    /** SIGKILL while it reads and computes; the same command, given again, ends in the same file. */
    @Test
    @Tag("process")
    void aKilledRunGoesOn() throws Exception {
        Path many = TinyRun.pictures(dir.resolve("many"), 300);
        Path whole = dir.resolve("whole.npy");
        extract(many, whole, "--batch", 1, "--threads", 1, "--part-images", 2).succeeded();
        Path out = dir.resolve("f.npy");
        Object[] args = {
            "extract",
            "--weights",
            run,
            "--images",
            many,
            "--out",
            out,
            "--batch",
            1,
            "--threads",
            1,
            "--part-images",
            2
        };
        for (int kills = 0; kills < 2; kills++) {
            long before = parts(out);
            try (RunningProcess process = RunningProcess.start(dir.resolve("log"), args)) {
                while (process.isAlive() && parts(out) < before + 10) {
                    Thread.sleep(1);
                }
                assertEquals(RunningProcess.KILLED, process.kill(), process::log);
            }
        }
        extract(many, out, "--features", "mean", "--part-images", 2).failed(2, "features", "cls", "mean", "--restart");
        try (RunningProcess process = RunningProcess.start(dir.resolve("log"), args)) {
            process.succeeds();
            assertTrue(process.log().contains("going on after"), process.log());
        }
        assertArrayEquals(Files.readAllBytes(whole), Files.readAllBytes(out));
        assertEquals(Files.readString(dir.resolve("whole.npy.csv")), Files.readString(dir.resolve("f.npy.csv")));
        assertFalse(Files.exists(dir.resolve("f.npy.parts")));
    }

    @Test
    void theBenchmarkComparesFilesWithTheNetworkAlone() throws IOException {
        Files.createDirectories(dir.resolve("few"));
        TinyRun.pictures(dir.resolve("few"), 8);
        JsonNode json = new ObjectMapper()
                .readTree(Outcome.of(
                                "benchmark",
                                "extract",
                                "--preset",
                                "nano",
                                "--size",
                                32,
                                "--batch",
                                4,
                                "--rounds",
                                1,
                                "--images",
                                dir.resolve("few"),
                                "--json")
                        .succeeded()
                        .out());
        double ratio = json.get("images_per_second").asDouble()
                / json.get("images_per_second_network").asDouble();
        assertEquals(ratio, json.get("ratio").asDouble(), 1e-9);
        assertEquals(8, json.get("images").asInt());
        Outcome.of("benchmark", "extract", "--images", images, "--preset", "nano", "--size", 32)
                .failed(2, "a-cut.png", "measure on images that can be read");
    }
}
