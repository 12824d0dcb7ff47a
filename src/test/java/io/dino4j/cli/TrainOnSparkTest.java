package io.dino4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Servers and workers as tasks on a master and two workers come to the bits of one process, whoever is killed. */
final class TrainOnSparkTest {
    private static final Path ROOT = Path.of(System.getProperty("dino4j.root", "../.."));
    private static final int STEPS = 60;
    private static final long PATIENCE_NS = 60_000_000_000L;

    @TempDir
    private static Path dir;

    private static SparkCluster cluster;
    private static List<Object> run;
    private static RunFiles local;

    @BeforeAll
    static void aRunOfOneProcessAndACluster() throws Exception {
        String missing = SparkCluster.missing(ROOT);
        assumeTrue(missing.isEmpty(), missing);
        Path images = TinyRun.pictures(dir.resolve("images ä"), 24);
        run = List.of(
                "pretrain",
                "--images",
                images,
                "--config",
                TinyRun.config(dir),
                "--set",
                "train.centering=sinkhorn_knopp",
                "--set",
                "train.OFFICIAL_EPOCH_LENGTH=10",
                "--epochs",
                STEPS / 10);
        local = new RunFiles(dir.resolve("local"));
        Outcome.of(with("--devices", 2, "--out", local.run())).succeeded();
        cluster = SparkCluster.start(ROOT.toAbsolutePath().normalize(), dir, 2);
    }

    @AfterAll
    static void noProcessIsLeft() throws IOException {
        if (cluster != null) {
            cluster.close();
        }
    }

    private static Object[] with(Object... more) {
        return Stream.concat(run.stream(), Stream.of(more)).toArray();
    }

    @Test
    void theSameWeightsThoughAnExecutorIsKilled() throws Exception {
        RunFiles killed = new RunFiles(dir.resolve("killed"));
        Process driver = cluster.submit("killed", Map.of(), with("--cluster", "spark:1x2", "--out", killed.run()));
        long limit = System.nanoTime() + PATIENCE_NS;
        while (killed.newestCheckpoint() < 10 && driver.isAlive() && System.nanoTime() < limit) {
            Thread.sleep(5);
        }
        assertTrue(killed.records() < STEPS, "in the middle: " + cluster.log("killed"));
        cluster.killExecutor("worker1");
        assertEquals(0, cluster.exit(driver, "killed"), () -> cluster.log("killed"));
        killed.requireSame(local, STEPS);
        assertTrue(cluster.log("killed").contains("attempt 2: executor"), cluster.log("killed"));
    }

    @Test
    void whatIsWrongIsSaidInOneLine() throws Exception {
        Path crowded = dir.resolve("crowded"); // the two run at once
        Path flagless = dir.resolve("flagless");
        Process room = cluster.submitAlone("room", with("--cluster", "spark:1x2", "--out", crowded));
        Process flag = cluster.submitAlone("flag", with("--cluster", "spark:1x1", "--out", flagless));
        requireRefused(room, "room", "room for 2");
        requireRefused(flag, "flag", "--add-opens java.base/jdk.internal.misc=ALL-UNNAMED");
        assertFalse(Files.exists(crowded) || Files.exists(flagless), "nothing is left behind");
    }

    private static void requireRefused(Process driver, String name, String reason) throws Exception {
        assertEquals(2, cluster.exit(driver, name), () -> cluster.log(name));
        List<String> lines =
                cluster.log(name).lines().filter(l -> l.startsWith("dino4j: ")).toList();
        assertEquals(1, lines.size(), cluster.log(name));
        assertTrue(lines.get(0).contains(reason), lines.get(0));
    }
}
