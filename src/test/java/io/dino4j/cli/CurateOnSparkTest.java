package io.dino4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code curate run} on a master and two workers gives what it gives on this machine, byte for byte, whoever is killed. */
final class CurateOnSparkTest {
    private static final Path ROOT = Path.of(System.getProperty("dino4j.root", "../.."));

    private static final String CONFIG =
            """
            images: %s
            curated: %s
            out: %s
            embedder: {weights: %s, batch: 8}
            cluster: {k: 6}
            retrieve: {per_image: 3}
            """;

    @TempDir
    private static Path dir;

    private static SparkCluster cluster;
    private static Path pool;
    private static Path curated;
    private static Path run;

    @BeforeAll
    static void imagesAndACluster() throws Exception {
        String missing = SparkCluster.missing(ROOT);
        assumeTrue(missing.isEmpty(), missing);
        pool = TinyRun.classes(dir.resolve("a pool ä"), 300, 1);
        Files.write(pool.resolve("empty.png"), new byte[0]);
        curated = TinyRun.classes(dir.resolve("curated"), 4, 2);
        run = dir.resolve("run");
        Outcome.of("pretrain", "--config", TinyRun.config(dir), "--images", curated, "--out", run)
                .succeeded();
        cluster = SparkCluster.start(ROOT.toAbsolutePath().normalize(), dir);
    }

    @AfterAll
    static void noProcessIsLeft() throws IOException {
        if (cluster != null) {
            cluster.close();
        }
    }

    private static Path config(Path out) throws IOException {
        return Files.writeString(dir.resolve(out.getFileName() + ".yaml"), CONFIG.formatted(pool, curated, out, run));
    }

    @Test
    void theSameFilesThoughADriverAndAWorkerAreKilled() throws Exception {
        Path local = dir.resolve("local run");
        Outcome.of("curate", "run", "--config", config(local)).succeeded();
        Path out = dir.resolve("spark run");
        Map<String, String> conf =
                Map.of("spark.dino4j.tables", dir.resolve("tables").toUri().toString());

        Process killed = cluster.submit("killed", conf, "run", "--config", config(out));
        await(
                "killed",
                killed,
                () -> Files.exists(out.resolve("pool.emb.draft/chunk-0000000.txt"))
                        || Files.exists(out.resolve("pool.emb")));
        killed.destroyForcibly().waitFor();

        Process again = cluster.submit("again", conf, "run", "--config", config(out));
        await(
                "again",
                again,
                () -> Files.exists(out.resolve("clusters.draft")) || Files.exists(out.resolve("clusters")));
        cluster.kill("worker1");
        String log = cluster.log(again, "again");
        assertEquals(0, again.exitValue(), log);
        requireSame(local, out);
        assertTrue(Files.isDirectory(dir.resolve("tables/pool.emb.parquet")), "the vectors are a table, too");

        Process third = cluster.submit("third", conf, "run", "--config", config(out));
        String done = cluster.log(third, "third");
        assertEquals(0, third.exitValue(), done);
        assertTrue(done.contains("lvd.manifest is done already"), done);
        requireSame(local, out);

        Process wrong = cluster.submit(
                "wrong", Map.of(), "cluster", "--embeddings", dir.resolve("none"), "--k", 3, "--out", dir.resolve("x"));
        String complaint = cluster.log(wrong, "wrong");
        assertEquals(2, wrong.exitValue(), complaint);
        assertTrue(complaint.contains("dino4j: " + dir.resolve("none")), complaint);
    }

    private static void await(String name, Process process, BooleanSupplier reached) throws InterruptedException {
        long limit = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
        while (process.isAlive() && System.nanoTime() < limit && !reached.getAsBoolean()) {
            Thread.sleep(20);
        }
        assertTrue(reached.getAsBoolean(), () -> cluster.log(name));
    }

    /** Every file of every stage; the page of the run alone tells where and on what it ran. */
    private static void requireSame(Path expected, Path actual) throws IOException {
        List<String> files = files(expected);
        assertTrue(files.contains("lvd.manifest/images.parquet") && files.size() > 15, files.toString());
        assertEquals(files, files(actual));
        for (String file : files) {
            assertEquals(
                    -1, Files.mismatch(expected.resolve(file), actual.resolve(file)), file + " differs at this byte");
        }
    }

    private static List<String> files(Path root) throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            return all.filter(Files::isRegularFile)
                    .map(file -> root.relativize(file).toString())
                    .filter(file -> !file.equals("report.html"))
                    .sorted()
                    .toList();
        }
    }
}
