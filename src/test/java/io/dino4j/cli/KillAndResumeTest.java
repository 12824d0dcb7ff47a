package io.dino4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run that is ended by force at any moment, and gone on with, comes to the same weights as an undisturbed one. */
@Tag("process")
final class KillAndResumeTest {
    private static final int KILLS = 10;
    /** Epochs of the first phase, which most kills outlast, and of the second. */
    private static final int EPOCHS = 12;

    private static final int MORE_EPOCHS = 48;
    private static final int STEPS = (EPOCHS + MORE_EPOCHS) * TinyRun.EPOCH;
    private static final String SECOND_PHASE =
            "phases=[{name: large, optim: {epochs: %d}, crops: {global_crops_size: 40}}]".formatted(MORE_EPOCHS);
    private static final long SEED = 20_231;
    private static final long POLL_MS = 1;
    private static final long PATIENCE_NS = 60_000_000_000L;

    @TempDir
    private static Path dir;

    private static Path images;
    private static Path config;
    private static RunFiles undisturbed;

    /** When to kill. */
    private enum Moment {
        STARTING,
        OPENING,
        TRAINING,
        SAVING
    }

    private interface Condition {
        boolean holds() throws IOException;
    }

    @BeforeAll
    static void runUndisturbed() throws Exception {
        images = TinyRun.pictures(dir.resolve("images"), 24);
        config = TinyRun.config(dir);
        undisturbed = new RunFiles(dir.resolve("undisturbed"));
        try (RunningProcess process = start(undisturbed, "--epochs", EPOCHS)) {
            process.succeeds();
        }
        assertEquals(STEPS, undisturbed.records());
    }

    private static RunningProcess start(RunFiles run, Object... more) throws IOException {
        List<Object> args = new ArrayList<>(
                List.of("pretrain", "--images", images, "--config", config, "--out", run.run(), "--resume"));
        args.addAll(List.of("--set", SECOND_PHASE));
        args.addAll(List.of(more));
        return RunningProcess.start(dir.resolve(run.run().getFileName() + ".log"), args.toArray());
    }

    @Test
    void tenKillsLeaveNoTraceInTheWeights() throws Exception {
        RunFiles killed = new RunFiles(dir.resolve("killed"));
        RandomGenerator random = new SplittableRandom(SEED);
        int kills = 0;
        List<Long> at = new ArrayList<>();
        int lost = 0;
        for (int i = 0; i < KILLS; i++) {
            Moment moment = i < 2 ? Moment.values()[i] : i % 2 == 0 ? Moment.SAVING : Moment.TRAINING;
            try (RunningProcess process = start(killed, "--epochs", EPOCHS)) {
                await(moment, process, killed, random);
                if (process.kill() == RunningProcess.KILLED) {
                    kills++;
                }
            }
            at.add(killed.records());
            lost += killed.records() > Math.max(0, killed.newestCheckpoint()) ? 1 : 0;
        }
        assertEquals(KILLS, kills, "kills that met a running process, at the steps " + at);
        assertTrue(new HashSet<>(at).size() >= KILLS / 2, "the kills fell on too few different steps: " + at);
        assertTrue(lost > 0, "no kill cost a step after a checkpoint: " + at);
        try (RunningProcess process = start(killed, "--epochs", EPOCHS)) {
            process.succeeds();
        }
        killed.requireSame(undisturbed, STEPS);
        assertTrue(Files.size(killed.run().resolve("report.html")) > 0);
    }

    private static void await(Moment moment, RunningProcess process, RunFiles run, RandomGenerator random)
            throws Exception {
        if (moment == Moment.STARTING || moment == Moment.OPENING) {
            Path sign = moment == Moment.STARTING ? run.run() : run.run().resolve("checkpoints");
            waitFor(process, () -> Files.exists(sign));
            Thread.sleep(random.nextInt(50));
            return;
        }
        long before = run.records();
        waitFor(process, () -> run.records() != before); // a resumed run first drops what lies after its checkpoint
        long begun = run.records();
        int further = 1 + random.nextInt(12);
        waitFor(process, () -> run.records() >= begun + further);
        if (moment == Moment.SAVING) {
            waitFor(process, run::isSaving);
        }
        Thread.sleep(random.nextInt(8));
    }

    private static void waitFor(RunningProcess process, Condition condition) throws Exception {
        long end = System.nanoTime() + PATIENCE_NS;
        while (!condition.holds()) {
            assertTrue(process.isAlive(), () -> "ended early: " + process.log());
            assertTrue(System.nanoTime() < end, () -> "waited in vain: " + process.log());
            Thread.sleep(POLL_MS);
        }
    }

    @Test
    void terminationSavesTheLastStepFirst() throws Exception {
        RunFiles stopped = new RunFiles(dir.resolve("stopped"));
        long done;
        try (RunningProcess process = start(stopped, "--epochs", EPOCHS, "--set", "train.saveckp_freq=" + EPOCHS)) {
            waitFor(process, () -> stopped.records() >= 6);
            Outcome.of("pretrain", "--images", images, "--config", config, "--out", stopped.run(), "--resume")
                    .failed(1, "another process is writing to " + stopped.run());
            assertEquals(RunningProcess.TERMINATED, process.terminate(), process::log);
            done = stopped.records();
            assertEquals(done, stopped.newestCheckpoint(), "a checkpoint of the last finished step");
            assertTrue(done < STEPS);
            assertTrue(process.log().contains("stopped after step %d; go on with".formatted(done)), process::log);
        }
        try (RunningProcess process =
                RunningProcess.start(dir.resolve("resumed.log"), "pretrain", "--out", stopped.run(), "--resume")) {
            process.succeeds();
            assertTrue(process.log().contains("going on from step %d of %d".formatted(done, STEPS)), process::log);
        }
        stopped.requireSame(undisturbed, STEPS);
    }
}
