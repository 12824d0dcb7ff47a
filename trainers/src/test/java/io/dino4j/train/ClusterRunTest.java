package io.dino4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Progress;
import io.dino4j.graph.exec.Providers;
import io.dino4j.train.ClusterOptions.Gradients;
import io.dino4j.train.cluster.worker.FrameChannel;
import io.dino4j.train.config.ConfigException;
import io.dino4j.train.config.RunConfig;
import io.dino4j.train.metrics.MetricsLog;
import io.dino4j.zoo.weights.Safetensors;
import io.dino4j.zoo.weights.SafetensorsWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Runs by way of parameter servers, all in this process: the chief, a worker, and servers that come and go. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
final class ClusterRunTest {
    @TempDir
    Path folder;

    private static RunConfig config(String... more) {
        List<String> keys = new ArrayList<>(List.of(
                "train.world_size=2",
                "train.batch_size_per_gpu=3",
                "student.drop_path_rate=0.2",
                "train.saveckp_freq=3"));
        keys.addAll(List.of(more));
        return TinyTraining.config(keys.toArray(String[]::new));
    }

    private static ClusterOptions options(boolean chief, int servers, int staleness, Gradients gradients) {
        return new ClusterOptions(chief, servers, 2, staleness, gradients, 1e-3f);
    }

    /** In one process, with two devices. */
    private Path alone(String name, RunConfig config) throws IOException {
        Path run = folder.resolve(name);
        try (RunDirectory directory = RunDirectory.open(run, true)) {
            new Pretrainer(request(config, directory).onDevices(2), Progress.SILENT).run();
        }
        return run;
    }

    private static Pretrainer.Request request(RunConfig config, RunDirectory directory) {
        return new Pretrainer.Request(
                config, TinyTraining.IMAGES, Optional.empty(), directory, "test", Providers.forThisMachine());
    }

    /** Told of the steps of the chief. */
    private interface Watcher {
        void step(long done) throws Exception;
    }

    private Path together(
            String name, RunConfig config, int servers, int staleness, Gradients gradients, Watcher watcher)
            throws Exception {
        try (MemoryCluster cluster = new MemoryCluster(folder.resolve(name + "-state"), servers, staleness)) {
            return together(name, config, servers, staleness, gradients, watcher, cluster);
        }
    }

    private Path together(
            String name,
            RunConfig config,
            int servers,
            int staleness,
            Gradients gradients,
            Watcher watcher,
            MemoryCluster cluster)
            throws Exception {
        return together(
                name,
                config,
                options(true, servers, staleness, gradients),
                watcher,
                cluster,
                cluster.dialer("worker-1"));
    }

    /** With a worker that reaches the servers by a way of its own; one that is killed is started again. */
    private Path together(
            String name,
            RunConfig config,
            ClusterOptions options,
            Watcher watcher,
            MemoryCluster cluster,
            FrameChannel.Dialer way)
            throws Exception {
        Path run = folder.resolve(name);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try (RunDirectory directory = RunDirectory.open(run, true)) {
            Pretrainer chief = new Pretrainer(
                    request(config, directory).onCluster("chief", cluster.dialer("chief"), options, line -> {}),
                    new Progress() {
                        @Override
                        public void begin(String task, long done, long total) {}

                        @Override
                        public void advance(long done, Map<String, Double> values) {
                            try {
                                watcher.step(done);
                            } catch (Exception e) {
                                throw new IllegalStateException(e);
                            }
                        }

                        @Override
                        public void end() {}

                        @Override
                        public void say(String line) {}
                    });
            Future<Pretrainer.Outcome> recorded = threads.submit(chief::run);
            Future<?> worked = threads.submit(() -> work(config, options, way));
            assertTrue(recorded.get().finished());
            worked.get();
        } finally {
            threads.shutdownNow();
        }
        return run;
    }

    private static void work(RunConfig config, ClusterOptions chief, FrameChannel.Dialer way) {
        while (true) {
            try {
                new ClusterWorker(
                                config,
                                TinyTraining.IMAGES,
                                "worker-1",
                                way,
                                options(false, chief.servers(), chief.staleness(), chief.gradients()),
                                Providers.forThisMachine(),
                                Progress.SILENT)
                        .run();
                return;
            } catch (Mortal.Killed e) {
                // another one takes its place
            }
        }
    }

    /** The way of a worker to the servers, which can end at any word. */
    private static final class Mortal implements FrameChannel.Dialer {
        private final FrameChannel.Dialer way;
        private final AtomicInteger words = new AtomicInteger(Integer.MAX_VALUE); // until it is killed
        private final AtomicInteger kills = new AtomicInteger();

        Mortal(FrameChannel.Dialer way) {
            this.way = way;
        }

        /** The worker is no more. */
        private static final class Killed extends RuntimeException {
            private static final long serialVersionUID = 1L;
        }

        void killAfter(int more) {
            words.set(more);
        }

        int kills() {
            return kills.get();
        }

        @Override
        public FrameChannel dial(int shard) throws IOException {
            FrameChannel channel = way.dial(shard);
            return new FrameChannel() {
                private boolean dead;

                @Override
                public synchronized void send(ByteBuffer frame) throws IOException {
                    if (words.decrementAndGet() == 0) {
                        kills.incrementAndGet();
                        dead = true;
                        channel.close();
                    }
                    if (dead) {
                        throw new Killed();
                    }
                    channel.send(frame);
                }

                @Override
                public Optional<ByteBuffer> receive(Duration timeout) throws IOException {
                    return channel.receive(timeout);
                }

                @Override
                public Volume volume() {
                    return channel.volume();
                }

                @Override
                public void close() {
                    channel.close();
                }
            };
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 1", "4, 2"})
    void serversGiveTheBitsOfOneProcess(int servers, int accumulation) throws Exception {
        RunConfig config = config("train.accumulation_steps=" + accumulation);
        Path alone = alone("alone", config);
        Path together = together("together", config, servers, 0, Gradients.F32, done -> {});
        TinyTraining.requireSameState(alone, together);
    }

    @Test
    void aFrozenBackboneAndPhasesToo() throws Exception {
        RunConfig config = config(
                "optim.freeze_backbone_steps=2",
                "optim.epochs=4",
                "phases=[{name: large, crops: {global_crops_size: 48}, optim: {epochs: 3}}]");
        TinyTraining.requireSameState(
                alone("alone", config), together("together", config, 2, 0, Gradients.F32, done -> {}));
    }

    /** Every worker has the teacher; one that still needs heads is refused, as those are trained in one process. */
    @Test
    void aStudentLearnsFromAFrozenTeacher() throws Exception {
        Path teacher = folder.resolve("teacher");
        TinyTraining.run(teacher, TinyTraining.config("student.embed_dim=64", "student.num_heads=4", "optim.epochs=1"));
        RunConfig config =
                config("distillation.teacher_weights=" + teacher, "train.centering=centering", "optim.epochs=3");
        TinyTraining.requireSameState(
                alone("alone", config), together("together", config, 2, 0, Gradients.F32, done -> {}));

        Path bare = folder.resolve("bare.safetensors");
        try (Safetensors file = Safetensors.open(TinyTraining.newest(teacher).teacherFile())) {
            Map<String, INDArray> backbone = new TreeMap<>();
            file.tensors().keySet().stream()
                    .filter(n -> n.startsWith("backbone."))
                    .forEach(n -> backbone.put(n.substring("backbone.".length()), file.read(n)));
            SafetensorsWriter.write(bare, backbone, Map.of());
        }
        RunConfig needsHeads = config("distillation.teacher_weights=" + bare, "distillation.teacher_num_heads=4");
        Path run = folder.resolve("run");
        try (MemoryCluster cluster = new MemoryCluster(folder.resolve("state"), 1, 0)) {
            try (RunDirectory directory = RunDirectory.open(run, true)) {
                Pretrainer.Request request = request(needsHeads, directory)
                        .onCluster("chief", cluster.dialer("chief"), options(true, 1, 0, Gradients.F32), l -> {});
                Distiller chief = new Distiller(request, Progress.SILENT, StepObserver.NONE);
                String reason = assertThrows(ConfigException.class, chief::run).getMessage();
                assertTrue(reason.contains("bare.safetensors has no heads"), reason);
            }
            assertFalse(Files.exists(run), "nothing is written");
            String reason = assertThrows(ConfigException.class, worker(cluster, needsHeads)::run)
                    .getMessage();
            assertTrue(reason.contains("bare.safetensors has no heads"), reason);
        }
    }

    /** A run of two servers goes on with four, with one, and in one process. */
    @Test
    void aRunGoesOnWithOtherServers() throws Exception {
        RunConfig config = config("optim.epochs=8");
        Path whole = alone("whole", config);
        Path run = folder.resolve("run");
        TinyTraining.run(run, config, 2);
        stopAfter(run, config, 2, 0, 4);
        stopAfter(run, config, 4, 0, 6);
        stopAfter(run, config, 1, 0, 7);
        TinyTraining.run(run, config);
        TinyTraining.requireSameWeights(whole, run, 1e-5);
    }

    /** Likewise with centres, which are part of the state; two devices come to the same bits as two workers. */
    @Test
    void centresGoOnWithOtherServers() throws Exception {
        RunConfig config = config("train.centering=centering");
        Path whole = alone("whole", config);
        Path run = folder.resolve("run");
        goOnAlone(run, config, 2);
        stopAfter(run, config, 4, 0, 3);
        stopAfter(run, config, 1, 0, 5);
        goOnAlone(run, config, 6);
        TinyTraining.requireSameState(whole, run);
    }

    private static void goOnAlone(Path run, RunConfig config, int steps) throws IOException {
        try (RunDirectory directory = RunDirectory.open(run, true)) {
            TinyTraining.Stopper stopper = new TinyTraining.Stopper(steps);
            Pretrainer alone = new Pretrainer(request(config, directory).onDevices(2), stopper);
            stopper.training = alone;
            assertEquals(steps, alone.run().steps());
        }
    }

    /** Centres come from the servers to whoever takes a place: a worker that is killed over and over, and with both servers lost in between. */
    @Test
    void centresOutliveWorkersAndServers() throws Exception {
        RunConfig config = config("train.centering=centering", "optim.epochs=10", "train.accumulation_steps=2");
        Path alone = alone("alone", config);
        try (MemoryCluster c = new MemoryCluster(folder.resolve("state"), 2, 0)) {
            Mortal mortal = new Mortal(c.dialer("worker-1"));
            Set<Long> seen = new HashSet<>();
            Path together = together(
                    "together",
                    config,
                    options(true, 2, 0, Gradients.F32),
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

    private void stopAfter(Path run, RunConfig config, int servers, int staleness, int steps) throws Exception {
        try (MemoryCluster cluster = new MemoryCluster(folder.resolve("state-" + servers), servers, staleness)) {
            ExecutorService thread = Executors.newSingleThreadExecutor();
            ClusterWorker worker = new ClusterWorker(
                    config,
                    TinyTraining.IMAGES,
                    "worker-1",
                    cluster.dialer("worker-1"),
                    options(false, servers, staleness, Gradients.F32),
                    Providers.forThisMachine(),
                    Progress.SILENT);
            Future<?> worked = thread.submit(worker::run);
            try (RunDirectory directory = RunDirectory.open(run, true)) {
                TinyTraining.Stopper stopper = new TinyTraining.Stopper(steps);
                Pretrainer chief = new Pretrainer(
                        request(config, directory)
                                .onCluster(
                                        "chief",
                                        cluster.dialer("chief"),
                                        options(true, servers, staleness, Gradients.F32),
                                        line -> {}),
                        stopper);
                stopper.training = chief;
                assertEquals(steps, chief.run().steps());
            }
            worker.stop();
            worked.get();
            thread.shutdown();
        }
    }

    /** Both servers are lost now and then, once both at a time, with snapshots every two steps. */
    @Test
    void serversThatAreLostComeBack() throws Exception {
        RunConfig config = config("optim.epochs=12");
        Path alone = alone("alone", config);
        try (MemoryCluster c = new MemoryCluster(folder.resolve("state"), 2, 0)) {
            Set<Long> seen = new HashSet<>();
            Path together = together(
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

    /** What cheaper gradients cost, and that what a threshold holds back is sent later. */
    @Test
    void cheaperGradientsAreNearTheExactOnes() throws Exception {
        RunConfig config = config();
        Path exact = alone("alone", config);
        Path bf16 = together("bf16", config, 2, 0, Gradients.BF16, done -> {});
        Path threshold = together("threshold", config, 2, 0, Gradients.THRESHOLD, done -> {});
        double loss = lastLoss(exact);
        assertEquals(loss, lastLoss(bf16), 0.02 * loss);
        assertEquals(loss, lastLoss(threshold), 0.5 * loss);
        assertTrue(loss != lastLoss(bf16) && loss != lastLoss(threshold), "something was rounded");
    }

    @Test
    void workersThatDoNotWaitFinishTheSameSteps() throws Exception {
        RunConfig config = config();
        Path exact = alone("alone", config);
        Path stale = together("stale", config, 2, 1, Gradients.F32, done -> {});
        assertEquals(
                TinyTraining.metrics(exact).size(), TinyTraining.metrics(stale).size());
        assertEquals(
                TinyTraining.newest(exact).state().optimizerSteps(),
                TinyTraining.newest(stale).state().optimizerSteps());
        double first = TinyTraining.losses(exact).get(1).get("loss");
        assertEquals(first, TinyTraining.losses(stale).get(1).get("loss"), 0.2 * first);
        assertTrue(lastLoss(stale) < TinyTraining.losses(stale).get(0).get("loss"), "it learns");
    }

    /** Two steps ahead of the servers, and killed there: what was not made is worked out again. */
    @Test
    void aWorkerThatDoesNotWaitMayBeKilled() throws Exception {
        RunConfig config = config("train.centering=centering", "optim.epochs=9", "optim.base_lr=0.004");
        Path exact = alone("alone", config);
        try (MemoryCluster c = new MemoryCluster(folder.resolve("state"), 2, 2)) {
            Mortal mortal = new Mortal(c.dialer("worker-1"));
            Set<Long> seen = new HashSet<>();
            Path stale = together(
                    "stale",
                    config,
                    options(true, 2, 2, Gradients.F32),
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
            assertEquals(lateLoss(exact), lateLoss(stale), 0.2 * lateLoss(exact));
        }
    }

    /** In a checkpoint everything belongs to one step, however far the workers were ahead: who waits goes on to the same bits. */
    @Test
    void aCheckpointOfWorkersThatDoNotWaitIsWhole() throws Exception {
        RunConfig config = config("train.centering=centering");
        Path run = folder.resolve("run");
        stopAfter(run, config, 2, 2, 4);
        Path copy = folder.resolve("copy");
        try (Stream<Path> all = Files.walk(run)) {
            for (Path p : all.toList()) {
                Files.copy(p, copy.resolve(run.relativize(p)));
            }
        }
        goOnAlone(run, config, 6);
        stopAfter(copy, config, 4, 0, 6);
        TinyTraining.requireSameState(run, copy);
        assertEquals(6, TinyTraining.newest(run).state().optimizerSteps());
    }

    /** The mean of the last four steps. */
    private static double lateLoss(Path run) throws IOException {
        List<Map<String, Double>> losses = TinyTraining.losses(run);
        return losses.subList(losses.size() - 4, losses.size()).stream()
                .mapToDouble(m -> m.get("loss"))
                .average()
                .orElseThrow();
    }

    private static double lastLoss(Path run) throws IOException {
        List<Map<String, Double>> losses = TinyTraining.losses(run);
        return losses.get(losses.size() - 1).get("loss");
    }

    @Test
    void whatDoesNotFitIsRefused() throws Exception {
        try (MemoryCluster cluster = new MemoryCluster(folder.resolve("state"), 1, 0)) {
            ClusterWorker first = worker(cluster, config());
            ClusterWorker other = worker(cluster, config("optim.weight_decay=0.1"));
            ExecutorService thread = Executors.newSingleThreadExecutor();
            Future<?> waits = thread.submit(first::run);
            while (cluster.log().isEmpty()) {
                Thread.sleep(10);
            }
            TrainingException refused = assertThrows(TrainingException.class, other::run);
            assertTrue(refused.getMessage().contains("configuration"), refused.getMessage());
            assertTrue(!waits.isDone());
            thread.shutdownNow();
        }
    }

    private static ClusterWorker worker(MemoryCluster cluster, RunConfig config) {
        return new ClusterWorker(
                config,
                TinyTraining.IMAGES,
                "worker-1",
                cluster.dialer("worker-1"),
                options(false, 1, 0, Gradients.F32),
                Providers.forThisMachine(),
                Progress.SILENT);
    }
}
