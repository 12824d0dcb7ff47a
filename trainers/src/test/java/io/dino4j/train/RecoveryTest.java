package io.dino4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.train.checkpoint.CheckpointStore;
import io.dino4j.train.config.RunConfig;
import io.dino4j.train.metrics.MetricsLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs that go wrong: how they end, and how they go on. */
final class RecoveryTest {
    /** Step 0 has no learning rate; step 1 blows the weights up, so that step 2 is not finite. */
    private static final List<String> EXPLODING =
            List.of("optim.base_lr=1e38", "optim.clip_grad=0", "optim.warmup_epochs=3");

    private static final List<String> ROLLBACK =
            List.of("sentinel.action=rollback", "sentinel.rollback_lr_factor=1e-40");

    @TempDir
    private Path dir;

    private static RunConfig config(List<String> some, String... more) {
        List<String> all = new ArrayList<>(some);
        all.addAll(List.of(more));
        return TinyTraining.config(all.toArray(String[]::new));
    }

    private static RunConfig rollback(String... more) {
        List<String> all = new ArrayList<>(EXPLODING);
        all.addAll(ROLLBACK);
        return config(all, more);
    }

    private static String failure(Path run, RunConfig config) {
        return assertThrows(TrainingException.class, () -> TinyTraining.run(run, config))
                .getMessage();
    }

    @Test
    void aNumberThatIsNotFiniteStopsTheRunAtItsLastGoodCheckpoint() throws IOException {
        String message = failure(dir, config(EXPLODING));
        assertTrue(
                message.matches(
                        "step 2: \\w+(_loss|_norm_\\w+) is (NaN|-?Infinity), so the run has stopped; the last good"
                                + " checkpoint is that of step 1: go on from it with --resume, with a lower optim.base_lr .*"),
                message);
        assertEquals(1, TinyTraining.newest(dir).state().step(), "that of step 2 held what led to the failure");
        assertFalse(Files.exists(dir.resolve("report.html")));
        assertEquals(
                new Pretrainer.Outcome(6, true, 0),
                TinyTraining.run(dir, TinyTraining.config("optim.clip_grad=0", "optim.warmup_epochs=3")),
                "going on with a lower rate");
    }

    @Test
    void withoutAGoodCheckpointItBeginsAnew() {
        String message = failure(dir, config(EXPLODING, "optim.warmup_epochs=0"));
        assertTrue(message.contains("there is no good checkpoint yet: --resume begins anew"), message);
        assertTrue(CheckpointStore.latestIn(dir.resolve("checkpoints")).isEmpty());
    }

    @Test
    void aRollbackGoesOnWithOtherBatchesAndALowerRate() throws IOException {
        assertEquals(new Pretrainer.Outcome(6, true, 0), TinyTraining.run(dir, rollback()));
        List<MetricsLog.Record> metrics = TinyTraining.metrics(dir);
        assertEquals(
                LongStream.range(0, 6).boxed().toList(),
                metrics.stream().map(MetricsLog.Record::step).toList());
        Map<String, Double> first = metrics.get(1).values();
        assertEquals(1, first.get("rollback"));
        assertEquals(2, first.get("rollback_from"));
        assertFalse(metrics.get(2).values().containsKey("rollback"));
        for (MetricsLog.Record r : metrics) {
            assertTrue(r.values().get("lr") <= 1, r.toString());
            r.values().forEach((name, value) -> assertTrue(Double.isFinite(value), () -> name + " is " + value));
        }
        String report = Files.readString(dir.resolve("report.html"));
        assertTrue(report.contains("went back to step 1 and on from there with other batches"), "told in the report");
    }

    /** Stopped before the trouble (2) or after it (3 to 5): what was gone back from is not forgotten. */
    @ParameterizedTest
    @ValueSource(longs = {2, 3, 5})
    void stoppingAroundARollbackChangesNothing(long stop) throws IOException {
        Path whole = dir.resolve("whole");
        Path parts = dir.resolve("parts");
        TinyTraining.run(whole, rollback());
        assertEquals(new Pretrainer.Outcome(stop, false, 0), TinyTraining.run(parts, rollback(), stop));
        TinyTraining.run(parts, rollback());
        TinyTraining.requireSameState(whole, parts);
    }

    @Test
    void theNumberOfRollbacksIsLimited() {
        String message = failure(dir, rollback("sentinel.rollback_lr_factor=1", "sentinel.max_rollbacks=2"));
        assertTrue(
                message.contains("so the run has stopped after going back 2 times; the last good checkpoint"), message);
        assertEquals(2, RollbackHistory.open(dir.resolve("rollbacks.json")).count());
    }

    @Test
    void aRollbackIsRememberedAndChangesTheBatches() {
        Path file = dir.resolve("rollbacks.json");
        RollbackHistory none = RollbackHistory.open(file);
        assertEquals(7, none.dataSeed(7), "a run without trouble is what it always was");
        assertEquals(1, none.lrFactor());
        none.add(new RollbackHistory.Rollback(30, 20, 0.5, "step 30: loss is NaN"));
        long seed = none.dataSeed(7);
        none.add(new RollbackHistory.Rollback(40, 10, 0.25, "step 40: loss is NaN"));
        assertNotEquals(seed, none.dataSeed(7));
        RollbackHistory read = RollbackHistory.open(file);
        assertEquals(none.dataSeed(7), read.dataSeed(7));
        assertEquals(0.125, read.lrFactor());
        assertEquals(Map.of("rollback", 2.0, "rollback_from", 40.0), read.event(10));
        assertEquals(Map.of(), read.event(20));
    }

    /** Targets so flat that they teach nothing. */
    @Test
    void uniformTargetsAreRecognised() {
        String message = failure(
                dir,
                TinyTraining.config(
                        "optim.epochs=40",
                        "teacher.teacher_temp=10",
                        "teacher.warmup_teacher_temp=10",
                        "sentinel.period=2",
                        "sentinel.grace_steps=20"));
        assertTrue(message.startsWith("step 28: teacher_entropy_share is "), message);
        assertTrue(message.contains("a lower teacher.teacher_temp"), message);
    }

    /** A teacher that follows its student at once, sharp targets, and nothing that keeps features apart. */
    @Test
    void aSinglePrototypeIsRecognisedAndTheCheckpointBeforeItKept() {
        String message = failure(
                dir,
                TinyTraining.config(
                        "optim.epochs=120",
                        "student.layerscale=1.0",
                        "student.init_std=0.15",
                        "dino.head_init_std=0.15",
                        "dino.koleo_loss_weight=0",
                        "ibot.loss_weight=0",
                        "teacher.momentum_teacher=0",
                        "teacher.final_momentum_teacher=0",
                        "train.centering=centering",
                        "teacher.teacher_temp=0.01",
                        "teacher.warmup_teacher_temp=0.01",
                        "sentinel.period=2"));
        assertTrue(message.matches("step \\d+: prototypes_used is 1.* at 5 looks in a row: all images .*"), message);
        long stopped = Long.parseLong(message.replaceFirst("step (\\d+): .*", "$1"));
        long good = TinyTraining.newest(dir).state().step();
        assertTrue(good <= stopped - 5 * 2 && good > 0, () -> "trouble at %d, good up to %d".formatted(stopped, good));
        assertTrue(message.contains("the last good checkpoint is that of step %d:".formatted(good)), message);
    }

    /** Settings of the presets, small: none is told to have collapsed, at the start or later. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "student.layerscale=1.0 student.init_std=0.15 dino.head_init_std=0.15 optim.base_lr=0.005",
                "student.layerscale=1.0 student.init_std=0.15 dino.head_init_std=0.15 optim.base_lr=0.005"
                        + " train.centering=centering",
                "student.layerscale=1e-5 optim.base_lr=0.005",
            })
    void aHealthyRunIsLeftAlone(String changes) throws IOException {
        List<String> all = new ArrayList<>(List.of(changes.split(" ")));
        all.addAll(
                List.of("optim.epochs=100", "train.saveckp_freq=100", "sentinel.period=1", "optim.warmup_epochs=10"));
        assertEquals(new Pretrainer.Outcome(100, true, 0), TinyTraining.run(dir, config(all)));
        assertTrue(TinyTraining.metrics(dir).get(99).values().get("feature_std") > 0.1);
    }

    @Test
    void aFallOfTheNeighboursIsTold() {
        KnnHistory knn = KnnHistory.open(dir.resolve("knn.json"));
        knn.setPixels(Map.of(20, 0.99));
        knn.set(0, Map.of(20, 0.2));
        knn.set(10, Map.of(20, 0.6));
        knn.set(20, Map.of(20, 0.5));
        assertTrue(knn.fall().isEmpty());
        knn.set(30, Map.of(20, 0.4));
        assertTrue(knn.fall()
                .orElseThrow()
                .startsWith("step 30: k-NN accuracy has fallen to 40.0% from 60.0% at step 10"));
        knn.dropAfter(20);
        assertEquals(20, knn.bySteps().lastKey());
    }
}
