package io.dino4j.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.exec.Providers;
import io.dino4j.train.config.ConfigException;
import io.dino4j.train.config.RunConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Several devices of a process are one with all of their ranks. */
final class DevicesTest {
    private static final int STEPS = 20;

    /** What came of a number of steps. */
    private record Course(List<Map<String, Double>> values, INDArray student, INDArray average) {
        static Course of(RunConfig config, int devices) {
            Ranks ranks = Ranks.all(config);
            try (Trainer trainer = new Trainer(
                            Phase.of(config, 0),
                            Optional.empty(),
                            Providers.forThisMachine(),
                            Topology.local(devices));
                    StepBatches batches = StepBatches.open(TinyTraining.IMAGES, config, ranks, 0, 0, line -> {})) {
                List<Map<String, Double>> values = new ArrayList<>();
                for (int step = 0; step < STEPS; step++) {
                    try (StepBatches.Micro micro = batches.next()) {
                        values.add(trainer.step(step, micro.batches()));
                    }
                }
                SslModel model = trainer.model();
                return new Course(
                        values,
                        model.student().vector().dup(),
                        model.average().vector().dup());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "2, 1, sinkhorn_knopp",
        "2, 1, centering",
        "2, 2, sinkhorn_knopp",
        "4, 1, sinkhorn_knopp",
    })
    void devicesShareTheStepOfOne(int devices, int accumulation, String centering) {
        RunConfig config = TinyTraining.config(
                "train.world_size=4",
                "train.batch_size_per_gpu=3",
                "train.accumulation_steps=" + accumulation,
                "train.centering=" + centering,
                "student.drop_path_rate=0.3",
                "dino.koleo_loss_weight=0.1");
        Course one = Course.of(config, 1);
        Course many = Course.of(config, devices);
        for (int step = 0; step < STEPS; step++) {
            Map<String, Double> wanted = one.values.get(step);
            Map<String, Double> got = many.values.get(step);
            for (String name :
                    List.of("loss", "koleo_loss", "ibot_loss", "grad_norm_backbone", "grad_norm_dino_head")) {
                assertEquals(1, got.get(name) / wanted.get(name), 1e-5, name + " of step " + step);
            }
        }
        assertNear(one.student, many.student);
        assertNear(one.average, many.average);
        assertEquals(many.student, Course.of(config, devices).student, "the same bits at every run");
    }

    /** KoLeo within a rank aside, a step that is divided is the same step. */
    @Test
    void ranksShareTheBatchOfOne() {
        List<String> same = List.of("dino.koleo_loss_weight=0", "student.drop_path_rate=0", "ibot.loss_weight=0");
        Course one = Course.of(config(same, "train.batch_size_per_gpu=8"), 1);
        Course two = Course.of(config(same, "train.batch_size_per_gpu=4", "train.world_size=2"), 2);
        for (int step = 0; step < STEPS; step++) {
            assertEquals(
                    1,
                    two.values.get(step).get("loss") / one.values.get(step).get("loss"),
                    1e-5,
                    "loss of step " + step);
        }
        assertNear(one.student, two.student);
    }

    private static RunConfig config(List<String> keys, String... more) {
        List<String> all = new ArrayList<>(keys);
        all.addAll(List.of(more));
        return TinyTraining.config(all.toArray(String[]::new));
    }

    private static void assertNear(INDArray wanted, INDArray got) {
        double difference = wanted.sub(got).norm2Number().doubleValue()
                / wanted.norm2Number().doubleValue();
        assertTrue(difference < 1e-5, "relative difference " + difference);
    }

    @Test
    void howAStepIsDividedDoesNotChangeWhatItIs() {
        RunConfig one = TinyTraining.config("train.batch_size_per_gpu=8");
        RunConfig two = TinyTraining.config("train.batch_size_per_gpu=4", "train.world_size=2");
        assertEquals(one.hash(), two.hash());
        assertEquals(8, two.train().imagesPerStep());
        assertArrayEquals(
                new long[] {2, 4},
                new long[] {two.train().worldSize(), two.train().batchSizePerGpu()});
        ConfigException refused =
                assertThrows(ConfigException.class, () -> Topology.local(3).check(two));
        assertTrue(refused.getMessage().contains("train.world_size is 2"), refused.getMessage());
    }
}
