package io.dino4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.train.ClusterOptions.Gradients;
import io.dino4j.train.config.RunConfig;
import io.dino4j.train.metrics.MetricsLog;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Workers and servers that come and go in the middle of a run, and workers that run ahead. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
final class ClusterFaultTest {
    @TempDir
    private Path folder;

    private ClusterRuns runs;

    @BeforeEach
    void begin() {
        runs = new ClusterRuns(folder);
    }

    /** Centres come from the servers to whoever takes a place: a worker that is killed over and over, and with both servers lost in between. */
    @Test
    void centresOutliveWorkersAndServers() throws Exception {
        RunConfig config =
                ClusterRuns.config("train.centering=centering", "optim.epochs=10", "train.accumulation_steps=2");
        Path alone = runs.alone("alone", config);
        try (MemoryCluster c = new MemoryCluster(folder.resolve("state"), 2, 0)) {
            MortalWay mortal = new MortalWay(c.dialer("worker-1"));
            Set<Long> seen = new HashSet<>();
            Path together = runs.together(
                    "together",
                    config,
                    ClusterRuns.options(true, 2, 0, Gradients.F32),
                    done -> {
                        if (!seen.add(done)) {
                            return;
                        }
                        if (done == 2 || done == 4 || done == 8) {
                            mortal.killAfter(2 + (int) done); // words: of a step there are more
                        }
                        if (done == 5) {
                            c.replace(0);
                            c.replace(1);
                        }
                        if (done == 7) {
                            c.replace(0);
                        }
                    },
                    c,
                    mortal);
            TinyTraining.requireSameState(alone, together);
            assertEquals(3, mortal.kills());
        }
    }

    /** Both servers are lost now and then, once both at a time, with snapshots every two steps. */
    @Test
    void serversThatAreLostComeBack() throws Exception {
        RunConfig config = ClusterRuns.config("optim.epochs=12");
        Path alone = runs.alone("alone", config);
        try (MemoryCluster c = new MemoryCluster(folder.resolve("state"), 2, 0)) {
            Set<Long> seen = new HashSet<>();
            Path together = runs.together(
                    "together",
                    config,
                    2,
                    0,
                    Gradients.F32,
                    done -> {
                        if (!seen.add(done)) {
                            return;
                        }
                        if (done == 3 || done == 5) {
                            c.replace(0);
                        }
                        if (done == 5 || done == 8) {
                            c.replace(1);
                        }
                    },
                    c);
            TinyTraining.requireSameState(alone, together);
        }
    }

    @Test
    void workersThatDoNotWaitFinishTheSameSteps() throws Exception {
        RunConfig config = ClusterRuns.config();
        Path exact = runs.alone("alone", config);
        Path stale = runs.together("stale", config, 2, 1, Gradients.F32, done -> {});
        assertEquals(
                TinyTraining.metrics(exact).size(), TinyTraining.metrics(stale).size());
        assertEquals(
                TinyTraining.newest(exact).state().optimizerSteps(),
                TinyTraining.newest(stale).state().optimizerSteps());
        double first = TinyTraining.losses(exact).get(1).get("loss");
        assertEquals(first, TinyTraining.losses(stale).get(1).get("loss"), 0.2 * first);
        assertTrue(
                ClusterRuns.lastLoss(stale) < TinyTraining.losses(stale).get(0).get("loss"), "it learns");
    }

    /** Two steps ahead of the servers, and killed there: what was not made is worked out again. */
    @Test
    void aWorkerThatDoesNotWaitMayBeKilled() throws Exception {
        RunConfig config = ClusterRuns.config("train.centering=centering", "optim.epochs=9", "optim.base_lr=0.004");
        Path exact = runs.alone("alone", config);
        try (MemoryCluster c = new MemoryCluster(folder.resolve("state"), 2, 2)) {
            MortalWay mortal = new MortalWay(c.dialer("worker-1"));
            Set<Long> seen = new HashSet<>();
            Path stale = runs.together(
                    "stale",
                    config,
                    ClusterRuns.options(true, 2, 2, Gradients.F32),
                    done -> {
                        if (seen.add(done) && (done == 3 || done == 6)) {
                            mortal.killAfter(1 + (int) done);
                        }
                    },
                    c,
                    mortal);
            assertEquals(2, mortal.kills());
            List<MetricsLog.Record> records = TinyTraining.metrics(stale);
            for (int step = 0; step < 9; step++) {
                assertEquals(step, records.get(step).step());
            }
            assertEquals(9, records.size());
            assertEquals(9, TinyTraining.newest(stale).state().optimizerSteps());
            assertEquals(ClusterRuns.lateLoss(exact), ClusterRuns.lateLoss(stale), 0.2 * ClusterRuns.lateLoss(exact));
        }
    }

    /** In a checkpoint everything belongs to one step, however far the workers were ahead: who waits goes on to the same bits. */
    @Test
    void aCheckpointOfWorkersThatDoNotWaitIsWhole() throws Exception {
        RunConfig config = ClusterRuns.config("train.centering=centering");
        Path run = folder.resolve("run");
        runs.stopAfter(run, config, 2, 2, 4);
        Path copy = folder.resolve("copy");
        try (Stream<Path> all = Files.walk(run)) {
            for (Path p : all.toList()) {
                Files.copy(p, copy.resolve(run.relativize(p)));
            }
        }
        ClusterRuns.goOnAlone(run, config, 6);
        runs.stopAfter(copy, config, 4, 0, 6);
        TinyTraining.requireSameState(run, copy);
        assertEquals(6, TinyTraining.newest(run).state().optimizerSteps());
    }
}
