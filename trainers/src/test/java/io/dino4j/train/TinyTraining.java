package io.dino4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Progress;
import io.dino4j.data.source.ImageSource;
import io.dino4j.data.source.RenderedShapes;
import io.dino4j.graph.exec.Providers;
import io.dino4j.train.checkpoint.Checkpoint;
import io.dino4j.train.checkpoint.CheckpointStore;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.config.RunConfig;
import io.dino4j.train.metrics.MetricsLog;
import io.dino4j.zoo.weights.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;

/** Runs whose steps take milliseconds: 2 blocks of width 32, batches of 4, an epoch of 1 step. */
final class TinyTraining {
    static final ImageSource IMAGES = RenderedShapes.draw("tiny", 20, 32, 0);

    private static final List<String> SMALL = List.of(
            "dino.head_n_prototypes=24",
            "dino.head_bottleneck_dim=16",
            "dino.head_hidden_dim=32",
            "ibot.head_n_prototypes=16",
            "ibot.head_bottleneck_dim=16",
            "ibot.head_hidden_dim=32",
            "train.batch_size_per_gpu=4",
            "train.OFFICIAL_EPOCH_LENGTH=1",
            "train.saveckp_freq=1",
            "train.num_workers=1",
            "train.centering=sinkhorn_knopp",
            "student.arch=vit_nano",
            "student.patch_size=8",
            "student.embed_dim=32",
            "student.depth=2",
            "student.num_heads=2",
            "student.drop_path_rate=0",
            "teacher.warmup_teacher_temp_epochs=0",
            "teacher.momentum_teacher=0.9",
            "optim.epochs=6",
            "optim.base_lr=0.02",
            "optim.warmup_epochs=0",
            "optim.freeze_last_layer_epochs=0",
            "crops.local_crops_number=2",
            "crops.global_crops_size=32",
            "crops.local_crops_size=16",
            "evaluation.eval_period_iterations=0");

    private static final List<String> TENSORS = List.of(
            "student.safetensors",
            "teacher.safetensors",
            "moment1.safetensors",
            "moment2.safetensors",
            "extras.safetensors");

    private TinyTraining() {}

    static RunConfig config(String... changes) {
        List<String> keys = new ArrayList<>(SMALL);
        keys.addAll(List.of(changes));
        return ConfigLayers.defaults().overrides(keys).resolve();
    }

    /** Trains, or goes on; stops when this many steps are done. */
    static Pretrainer.Outcome run(Path folder, RunConfig config, long stopAfter) throws IOException {
        return run(folder, config, stopAfter, Pretrainer::new);
    }

    /** Distils, or goes on; stops when this many steps are done, be it of the heads or of the student. */
    static Pretrainer.Outcome distill(Path folder, RunConfig config, long stopAfter) throws IOException {
        return run(
                folder, config, stopAfter, (request, progress) -> new Distiller(request, progress, StepObserver.NONE));
    }

    private static Pretrainer.Outcome run(
            Path folder, RunConfig config, long stopAfter, BiFunction<Pretrainer.Request, Progress, Training> kind)
            throws IOException {
        try (RunDirectory directory = RunDirectory.open(folder, true)) {
            Stopper stopper = new Stopper(stopAfter);
            stopper.training = kind.apply(
                    new Pretrainer.Request(
                            config, IMAGES, Optional.empty(), directory, "test", Providers.forThisMachine()),
                    stopper);
            return stopper.training.run();
        }
    }

    /** Trains to the end. */
    static Pretrainer.Outcome run(Path folder, RunConfig config) throws IOException {
        return run(folder, config, Long.MAX_VALUE);
    }

    static Checkpoint newest(Path folder) {
        return CheckpointStore.latestIn(folder.resolve("checkpoints")).orElseThrow();
    }

    static List<MetricsLog.Record> metrics(Path folder) throws IOException {
        return MetricsLog.read(folder.resolve("metrics.jsonl"));
    }

    /** Requires equal weights, moments and records of two runs, to the bit. */
    static void requireSameState(Path one, Path other) throws IOException {
        Checkpoint a = newest(one);
        Checkpoint b = newest(other);
        assertEquals(a.state().step(), b.state().step());
        for (String name : TENSORS) {
            assertEquals(-1, Files.mismatch(a.dir().resolve(name), b.dir().resolve(name)), name + " differs");
        }
        assertEquals(losses(one), losses(other));
    }

    /** Requires nearly equal weights and moments of two runs. */
    static void requireSameWeights(Path one, Path other, double tolerance) throws IOException {
        Checkpoint a = newest(one);
        Checkpoint b = newest(other);
        assertEquals(a.state().step(), b.state().step());
        for (String name : TENSORS.subList(0, 2)) {
            try (Safetensors x = Safetensors.open(a.dir().resolve(name));
                    Safetensors y = Safetensors.open(b.dir().resolve(name))) {
                double difference = 0;
                double size = 0;
                for (String tensor : x.tensors().keySet()) {
                    difference += Math.pow(
                            x.read(tensor).sub(y.read(tensor)).norm2Number().doubleValue(), 2);
                    size += Math.pow(x.read(tensor).norm2Number().doubleValue(), 2);
                }
                double relative = Math.sqrt(difference / size);
                assertTrue(relative <= tolerance, name + " differs by " + relative);
            }
        }
    }

    /** The records of a run without its speed. */
    static List<Map<String, Double>> losses(Path run) throws IOException {
        return metrics(run).stream()
                .map(MetricsLog.Record::values)
                .map(values -> {
                    Map<String, Double> kept = new TreeMap<>(values);
                    kept.remove("images_per_second");
                    return kept;
                })
                .toList();
    }

    /** Asks a run to stop, as Ctrl-C does. */
    static final class Stopper implements Progress {
        private final long stopAfter;
        Training training;

        Stopper(long stopAfter) {
            this.stopAfter = stopAfter;
        }

        @Override
        public void begin(String task, long done, long total) {
            // only steps matter
        }

        @Override
        public void advance(long done, Map<String, Double> values) {
            if (done == stopAfter) {
                training.stop();
            }
        }

        @Override
        public void end() {
            // only steps matter
        }

        @Override
        public void say(String line) {
            // only steps matter
        }
    }
}
