package io.dino4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Servers and workers as processes, of which one after another is ended by force in the middle of a step. {@code -Ddino4j.kills=50} makes more
 * of it than there is time for in every build; {@code -Ddino4j.centering=sinkhorn_knopp} leaves out the centres, which servers keep too.
 */
@Tag("process")
final class ClusterKillTest {
    private static final int KILLS = Integer.getInteger("dino4j.kills", 4);
    private static final String CENTERING = System.getProperty("dino4j.centering", "centering");
    private static final int STEPS = Math.max(60, 4 * KILLS);
    private static final long SEED = 77;
    private static final long PATIENCE_NS = 120_000_000_000L;

    @TempDir
    private static Path dir;

    @Test
    void killsLeaveNoTraceInTheWeights() throws Exception {
        Path images = TinyRun.pictures(dir.resolve("images"), 24);
        Path config = TinyRun.config(dir);
        RunFiles undisturbed = new RunFiles(dir.resolve("undisturbed"));
        try (RunningProcess process = start(undisturbed, images, config, "--devices", 2)) {
            process.succeeds();
        }
        RunFiles killed = new RunFiles(dir.resolve("killed"));
        RandomGenerator random = new SplittableRandom(SEED);
        Map<String, Integer> kills = new TreeMap<>();
        try (RunningProcess process = start(killed, images, config, "--cluster", "local:2x2", "--snapshot-steps", 3)) {
            for (int i = 0; i < KILLS; i++) {
                long before = killed.records();
                await(process, killed, before + 2);
                Thread.sleep(random.nextInt(20));
                kills.merge(kill(process, i, random), 1, Integer::sum);
            }
            process.succeeds();
            assertTrue(process.log().contains("is gone (exit code 137) and is started again"), process::log);
        }
        killed.requireSame(undisturbed, STEPS);
        assertEquals(KILLS, kills.values().stream().mapToInt(k -> k).sum());
        assertEquals(3, kills.size(), "the chief, a worker and a server are among " + kills);
    }

    private static RunningProcess start(RunFiles run, Path images, Path config, Object... more) throws Exception {
        List<Object> args = new ArrayList<>(List.of("pretrain", "--images", images, "--config", config));
        args.addAll(List.of("--out", run.run(), "--epochs", STEPS / TinyRun.EPOCH));
        args.addAll(List.of("--set", "train.centering=" + CENTERING, "--set", "sentinel.period=0"));
        args.addAll(List.of(more));
        return RunningProcess.start(dir.resolve(run.run().getFileName() + ".log"), args.toArray());
    }

    private static void await(RunningProcess process, RunFiles run, long records) throws Exception {
        long end = System.nanoTime() + PATIENCE_NS;
        while (run.records() < Math.min(records, STEPS - 2)) {
            assertTrue(process.isAlive(), () -> "ended early: " + process.log());
            assertTrue(System.nanoTime() < end, () -> "waited in vain: " + process.log());
            Thread.sleep(1);
        }
    }

    /** Ends a process by force, and says what it was. */
    private static String kill(RunningProcess parent, int number, RandomGenerator random) throws Exception {
        String[] kinds = {"server", "chief", "worker"};
        String wanted = number < kinds.length ? kinds[number] : kinds[random.nextInt(kinds.length)];
        for (int tries = 0; tries < 2000; tries++) {
            List<ProcessHandle> children = parent.children().stream()
                    .filter(p -> kind(p).equals(wanted))
                    .toList();
            if (!children.isEmpty()
                    && children.get(random.nextInt(children.size())).destroyForcibly()) {
                return wanted;
            }
            Thread.sleep(5);
        }
        throw new AssertionError("there is no %s to be killed: %s".formatted(wanted, parent.log()));
    }

    /** From its command line, which may be longer than Java tells. */
    private static String kind(ProcessHandle process) {
        List<String> args;
        try {
            args = List.of(Files.readString(Path.of("/proc/%d/cmdline".formatted(process.pid())))
                    .split("\0"));
        } catch (IOException e) {
            return "gone";
        }
        if (!args.contains("node")) {
            return args.contains("pretrain") ? "chief" : "starting";
        }
        return args.contains("server") ? "server" : "worker";
    }
}
