package io.dino4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Progress;
import io.dino4j.train.ClusterOptions.Gradients;
import io.dino4j.train.config.ConfigException;
import io.dino4j.train.config.RunConfig;
import io.dino4j.zoo.weights.Safetensors;
import io.dino4j.zoo.weights.SafetensorsWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Runs by way of parameter servers come to the weights of one process. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
final class ClusterRunTest {
    @TempDir
    private Path folder;

    private ClusterRuns runs;

    @BeforeEach
    void begin() {
        runs = new ClusterRuns(folder);
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 1", "4, 2"})
    void serversGiveTheBitsOfOneProcess(int servers, int accumulation) throws Exception {
        RunConfig config = ClusterRuns.config("train.accumulation_steps=" + accumulation);
        Path alone = runs.alone("alone", config);
        Path together = runs.together("together", config, servers, 0, Gradients.F32, done -> {});
        TinyTraining.requireSameState(alone, together);
    }

    @Test
    void aFrozenBackboneAndPhasesToo() throws Exception {
        RunConfig config = ClusterRuns.config(
                "optim.freeze_backbone_steps=2",
                "optim.epochs=4",
                "phases=[{name: large, crops: {global_crops_size: 48}, optim: {epochs: 3}}]");
        TinyTraining.requireSameState(
                runs.alone("alone", config), runs.together("together", config, 2, 0, Gradients.F32, done -> {}));
    }

    /** Every worker has the teacher; one that still needs heads is refused, as those are trained in one process. */
    @Test
    void aStudentLearnsFromAFrozenTeacher() throws Exception {
        Path teacher = folder.resolve("teacher");
        TinyTraining.run(teacher, TinyTraining.config("student.embed_dim=64", "student.num_heads=4", "optim.epochs=1"));
        RunConfig config = ClusterRuns.config(
                "distillation.teacher_weights=" + teacher, "train.centering=centering", "optim.epochs=3");
        TinyTraining.requireSameState(
                runs.alone("alone", config), runs.together("together", config, 2, 0, Gradients.F32, done -> {}));

        Path bare = folder.resolve("bare.safetensors");
        try (Safetensors file = Safetensors.open(TinyTraining.newest(teacher).teacherFile())) {
            Map<String, INDArray> backbone = new TreeMap<>();
            file.tensors().keySet().stream()
                    .filter(n -> n.startsWith("backbone."))
                    .forEach(n -> backbone.put(n.substring("backbone.".length()), file.read(n)));
            SafetensorsWriter.write(bare, backbone, Map.of());
        }
        RunConfig needsHeads =
                ClusterRuns.config("distillation.teacher_weights=" + bare, "distillation.teacher_num_heads=4");
        Path run = folder.resolve("run");
        try (MemoryCluster cluster = new MemoryCluster(folder.resolve("state"), 1, 0)) {
            try (RunDirectory directory = RunDirectory.open(run, true)) {
                Pretrainer.Request request = ClusterRuns.request(needsHeads, directory)
                        .onCluster(
                                "chief",
                                cluster.dialer("chief"),
                                ClusterRuns.options(true, 1, 0, Gradients.F32),
                                l -> {});
                Distiller chief = new Distiller(request, Progress.SILENT, StepObserver.NONE);
                String reason = assertThrows(ConfigException.class, chief::run).getMessage();
                assertTrue(reason.contains("bare.safetensors has no heads"), reason);
            }
            assertFalse(Files.exists(run), "nothing is written");
            String reason = assertThrows(ConfigException.class, ClusterRuns.worker(cluster, needsHeads)::run)
                    .getMessage();
            assertTrue(reason.contains("bare.safetensors has no heads"), reason);
        }
    }

    /** A run of two servers goes on with four, with one, and in one process. */
    @Test
    void aRunGoesOnWithOtherServers() throws Exception {
        RunConfig config = ClusterRuns.config("optim.epochs=8");
        Path whole = runs.alone("whole", config);
        Path run = folder.resolve("run");
        TinyTraining.run(run, config, 2);
        runs.stopAfter(run, config, 2, 0, 4);
        runs.stopAfter(run, config, 4, 0, 6);
        runs.stopAfter(run, config, 1, 0, 7);
        TinyTraining.run(run, config);
        TinyTraining.requireSameWeights(whole, run, 1e-5);
    }

    /** Likewise with centres, which are part of the state; two devices come to the same bits as two workers. */
    @Test
    void centresGoOnWithOtherServers() throws Exception {
        RunConfig config = ClusterRuns.config("train.centering=centering");
        Path whole = runs.alone("whole", config);
        Path run = folder.resolve("run");
        ClusterRuns.goOnAlone(run, config, 2);
        runs.stopAfter(run, config, 4, 0, 3);
        runs.stopAfter(run, config, 1, 0, 5);
        ClusterRuns.goOnAlone(run, config, 6);
        TinyTraining.requireSameState(whole, run);
    }

    /** What cheaper gradients cost, and that what a threshold holds back is sent later. */
    @Test
    void cheaperGradientsAreNearTheExactOnes() throws Exception {
        RunConfig config = ClusterRuns.config();
        Path exact = runs.alone("alone", config);
        Path bf16 = runs.together("bf16", config, 2, 0, Gradients.BF16, done -> {});
        Path threshold = runs.together("threshold", config, 2, 0, Gradients.THRESHOLD, done -> {});
        double loss = ClusterRuns.lastLoss(exact);
        assertEquals(loss, ClusterRuns.lastLoss(bf16), 0.02 * loss);
        assertEquals(loss, ClusterRuns.lastLoss(threshold), 0.5 * loss);
        assertTrue(
                loss != ClusterRuns.lastLoss(bf16) && loss != ClusterRuns.lastLoss(threshold), "something was rounded");
    }

    @Test
    void whatDoesNotFitIsRefused() throws Exception {
        try (MemoryCluster cluster = new MemoryCluster(folder.resolve("state"), 1, 0)) {
            ClusterWorker first = ClusterRuns.worker(cluster, ClusterRuns.config());
            ClusterWorker other = ClusterRuns.worker(cluster, ClusterRuns.config("optim.weight_decay=0.1"));
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
}
