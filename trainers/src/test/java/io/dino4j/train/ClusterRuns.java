package io.dino4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Progress;
import io.dino4j.graph.exec.Providers;
import io.dino4j.train.ClusterOptions.Gradients;
import io.dino4j.train.cluster.worker.FrameChannel;
import io.dino4j.train.config.RunConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Runs of tiny models by way of parameter servers, all in this process, and the same in other ways. */
record ClusterRuns(Path folder) {
    static RunConfig config(String... more) {
        List<String> keys = new ArrayList<>(List.of(
                "train.world_size=2",
                "train.batch_size_per_gpu=3",
                "student.drop_path_rate=0.2",
                "train.saveckp_freq=3"));
        keys.addAll(List.of(more));
        return TinyTraining.config(keys.toArray(String[]::new));
    }

    static ClusterOptions options(boolean chief, int servers, int staleness, Gradients gradients) {
        return new ClusterOptions(chief, servers, 2, staleness, gradients, 1e-3f);
    }

    /** In one process, with two devices. */
    Path alone(String name, RunConfig config) throws IOException {
        Path run = folder.resolve(name);
        try (RunDirectory directory = RunDirectory.open(run, true)) {
            new Pretrainer(request(config, directory).onDevices(2), Progress.SILENT).run();
        }
        return run;
    }

    static void goOnAlone(Path run, RunConfig config, int steps) throws IOException {
        try (RunDirectory directory = RunDirectory.open(run, true)) {
            TinyTraining.Stopper stopper = new TinyTraining.Stopper(steps);
            Pretrainer alone = new Pretrainer(request(config, directory).onDevices(2), stopper);
            stopper.training = alone;
            assertEquals(steps, alone.run().steps());
        }
    }

    void stopAfter(Path run, RunConfig config, int servers, int staleness, int steps) throws Exception {
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

    static Pretrainer.Request request(RunConfig config, RunDirectory directory) {
        return new Pretrainer.Request(
                config, TinyTraining.IMAGES, Optional.empty(), directory, "test", Providers.forThisMachine());
    }

    /** Told of the steps of the chief. */
    interface Watcher {
        void step(long done) throws Exception;
    }

    Path together(String name, RunConfig config, int servers, int staleness, Gradients gradients, Watcher watcher)
            throws Exception {
        try (MemoryCluster cluster = new MemoryCluster(folder.resolve(name + "-state"), servers, staleness)) {
            return together(name, config, servers, staleness, gradients, watcher, cluster);
        }
    }

    Path together(
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
    Path together(
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

    static void work(RunConfig config, ClusterOptions chief, FrameChannel.Dialer way) {
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
            } catch (MortalWay.Killed e) {
                // another one takes its place
            }
        }
    }

    static ClusterWorker worker(MemoryCluster cluster, RunConfig config) {
        return new ClusterWorker(
                config,
                TinyTraining.IMAGES,
                "worker-1",
                cluster.dialer("worker-1"),
                options(false, 1, 0, Gradients.F32),
                Providers.forThisMachine(),
                Progress.SILENT);
    }

    /** The mean of the last four steps. */
    static double lateLoss(Path run) throws IOException {
        List<Map<String, Double>> losses = TinyTraining.losses(run);
        return losses.subList(losses.size() - 4, losses.size()).stream()
                .mapToDouble(m -> m.get("loss"))
                .average()
                .orElseThrow();
    }

    static double lastLoss(Path run) throws IOException {
        List<Map<String, Double>> losses = TinyTraining.losses(run);
        return losses.get(losses.size() - 1).get("loss");
    }
}
