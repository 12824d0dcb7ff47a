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

/** {@code curate} on a master and two workers gives what it gives on this machine, byte for byte, whoever is killed. */
final class CurateOnSparkTest {
    private static final Path ROOT = Path.of(System.getProperty("dino4j.root", "../.."));

    private static final String CONFIG =
            """
            images: %s
            curated: %s
            out: %s
            embedder: {weights: %s, batch: 8}
            dedup: {enabled: false}
            cluster: {k: 6}
            retrieve: {per_image: 3}
            """;

    @TempDir
    private static Path dir;

    private static SparkCluster cluster;
    private static Path pool;
    private static Path curated;
    private static Path benchmark;
    private static Path run;

    @BeforeAll
    static void imagesAndACluster() throws Exception {
        String missing = SparkCluster.missing(ROOT);
        assumeTrue(missing.isEmpty(), missing);
        pool = TinyRun.classes(dir.resolve("a pool ä"), 150, 1);
        Files.write(pool.resolve("empty.png"), new byte[0]);
        curated = TinyRun.classes(dir.resolve("curated"), 4, 2);
        benchmark = TinyRun.classes(dir.resolve("benchmark"), 4, 3);
        run = dir.resolve("run");
        Outcome.of("pretrain", "--config", TinyRun.config(dir), "--images", curated, "--out", run)
                .succeeded();
        cluster = SparkCluster.start(ROOT.toAbsolutePath().normalize(), dir, 1);
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
        Path out = dir.resolve("out");
        Outcome.of("curate", "run", "--config", config(out)).succeeded();
        Path local = Files.move(out, dir.resolve("local run"));
        String tables = dir.resolve("tables").toUri().toString();
        Map<String, String> conf = Map.of("spark.dino4j.tables", tables);

        Process killed = cluster.submit("killed", conf, "run", "--config", config(out));
        await(
                "killed",
                killed,
                () -> Files.exists(out.resolve("pool.emb.draft/work/chunks/chunk-0000000.txt"))
                        || Files.exists(out.resolve("pool.emb")));
        killed.destroyForcibly().waitFor();

        Process again = cluster.submit("again", conf, "run", "--config", config(out));
        await(
                "again",
                again,
                () -> Files.exists(out.resolve("clusters.draft")) || Files.exists(out.resolve("clusters")));
        cluster.kill("worker1");
        assertEquals(0, cluster.exit(again, "again"), () -> cluster.log("again"));
        requireSame(local, out);
        assertTrue(Files.isDirectory(dir.resolve("tables/pool.emb.parquet")), "the vectors are a table, too");
    }

    @Test
    void copiesAreFoundAndRemovedAlike() throws Exception {
        Path seen = dir.resolve("seen.copies");
        Outcome.of("curate", "embed", "--copies", "--images", curated, "--out", seen)
                .succeeded();
        Object[] embed = {"embed", "--images", benchmark, "--like", seen, "--out", dir.resolve("few.copies")};
        Path pooled = dir.resolve("pool.emb");
        Outcome.of("curate", "embed", "--images", pool, "--weights", run, "--out", pooled)
                .succeeded();
        Object[] dedup = {
            "dedup", "--embeddings", pooled, "--threshold", 0.9, "--no-verify", "--out", dir.resolve("pool.dedup")
        };
        Map<String, String> half = Map.of("spark.cores.max", "1");
        Process embedding = cluster.submit("embed", half, embed);
        Process removal = cluster.submit("dedup", half, dedup);
        Process wrong = cluster.submit(
                "wrong", half, "cluster", "--embeddings", dir.resolve("none"), "--k", 3, "--out", dir.resolve("x"));
        assertEquals(0, cluster.exit(embedding, "embed"), () -> cluster.log("embed"));
        assertEquals(0, cluster.exit(removal, "dedup"), () -> cluster.log("dedup"));
        assertEquals(2, cluster.exit(wrong, "wrong"), () -> cluster.log("wrong"));
        assertTrue(cluster.log("wrong").contains("dino4j: " + dir.resolve("none")), cluster.log("wrong"));

        Path there = Files.createDirectories(dir.resolve("by the cluster"));
        for (Object[] command : List.of(embed, dedup)) {
            Path out = (Path) command[command.length - 1];
            Path theirs = Files.move(out, there.resolve(out.getFileName()));
            Outcome.of(Stream.concat(Stream.of("curate"), Stream.of(command)).toArray())
                    .succeeded();
            requireSame(out, theirs);
        }
        assertTrue(Files.size(dir.resolve("pool.dedup/removed.csv")) > 200, "something was removed");
    }

    private static void await(String name, Process process, BooleanSupplier reached) throws InterruptedException {
        long limit = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
        while (process.isAlive() && System.nanoTime() < limit && !reached.getAsBoolean()) {
            Thread.sleep(20);
        }
        assertTrue(reached.getAsBoolean(), () -> cluster.log(name));
    }

    /** Every file of every stage; the page of the run alone tells where and on what it ran. */
    private static void requireSame(Path expected, Path actual) throws IOException {
        List<String> files = files(expected);
        assertTrue(files.size() > 4, files.toString());
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
