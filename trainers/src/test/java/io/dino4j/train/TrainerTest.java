package io.dino4j.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.crop.Batch;
import io.dino4j.data.crop.BatchLoader;
import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.exec.Sessions;
import io.dino4j.train.config.RunConfig;
import io.dino4j.train.sentinel.TroubleException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** One step. */
final class TrainerTest {
    private static final RunConfig CONFIG = TinyTraining.config();

    private static BatchLoader batches() {
        return BatchLoader.open(TinyTraining.IMAGES, Recipe.crops(CONFIG), 4, 0, 0, 1, 0, line -> {});
    }

    private static Trainer trainer() {
        Sessions.install(Providers.forThisMachine());
        return new Trainer(Phase.of(CONFIG, 0), Optional.empty(), Providers.forThisMachine(), Topology.local(1));
    }

    @Test
    void aStepMovesStudentAndTeacherAndNamesEveryNumber() {
        try (Trainer trainer = trainer();
                BatchLoader batches = batches();
                Batch batch = batches.next()) {
            INDArray start = trainer.model().student().vector().dup();
            assertEquals(start, trainer.model().average().vector(), "both begin equal");
            Map<String, Double> values = trainer.step(0, List.of(batch));
            assertNotEquals(start, trainer.model().student().vector());
            assertNotEquals(start, trainer.model().average().vector());
            assertNotEquals(
                    trainer.model().student().vector(),
                    trainer.model().average().vector());
            assertTrue(values.get("grad_norm_backbone") > 0, values.toString());
        }
    }

    /** What the last step worked out can be looked at without working it out again. */
    @Test
    void aStepShowsTargetsAndFeatures() {
        try (Trainer trainer = trainer();
                BatchLoader batches = batches();
                Batch batch = batches.next()) {
            trainer.step(0, List.of(batch));
            SslModel model = trainer.model();
            assertArrayEquals(new long[] {8, 24}, model.clsTargets().shape());
            assertArrayEquals(
                    new float[] {1, 1, 1, 1, 1, 1, 1, 1},
                    model.clsTargets().sum(1).toFloatVector(),
                    1e-5f);
            for (INDArray features : List.of(model.teacherFeatures(), model.studentFeatures())) {
                assertArrayEquals(new long[] {8, 32}, features.shape());
                // the norm before has weights of 1 and biases of 0
                assertArrayEquals(new float[8], features.mean(1).toFloatVector(), 1e-5f);
                assertEquals(1, features.getRow(3).std(false).getDouble(0), 0.01);
            }
        }
    }

    @Test
    void aFrozenBackboneStaysUntilItsTime() {
        RunConfig config = TinyTraining.config("optim.freeze_backbone_steps=2", "train.centering=centering");
        try (Trainer trainer = new Trainer(
                        Phase.of(config, 0), Optional.empty(), Providers.forThisMachine(), Topology.local(1));
                BatchLoader batches = batches()) {
            SslModel model = trainer.model();
            INDArray start = model.student().vector().dup();
            for (int step = 0; step < 3; step++) {
                try (Batch batch = batches.next()) {
                    Map<String, Double> values = trainer.step(step, List.of(batch));
                    assertEquals(step < 2, values.get("grad_norm_backbone") == 0);
                }
                long backbone =
                        model.student().layout().get("dino_head.mlp.0.weight").offset();
                for (INDArray now :
                        List.of(model.student().vector(), model.average().vector())) {
                    INDArray moved = now.sub(start);
                    assertEquals(
                            step == 2,
                            moved.get(NDArrayIndex.interval(0, backbone))
                                            .amaxNumber()
                                            .doubleValue()
                                    > 0);
                    assertTrue(moved.get(NDArrayIndex.interval(backbone, start.length()))
                                    .amaxNumber()
                                    .doubleValue()
                            > 0);
                }
            }
        }
    }

    @Test
    void aPoisonedWeightStopsTheStepBeforeAnythingMoves() {
        try (Trainer trainer = trainer();
                BatchLoader batches = batches();
                Batch batch = batches.next()) {
            INDArray student = trainer.model().student().vector();
            student.putScalar(0, Float.NaN);
            INDArray before = student.dup();
            INDArray teacher = trainer.model().average().vector().dup();
            String message = assertThrows(TroubleException.class, () -> trainer.step(7, List.of(batch)))
                    .getMessage();
            assertTrue(message.matches("step 7: (dino|koleo|ibot)\\w*_loss is NaN"), message);
            assertEquals(0, distance(before, student), "the student has moved");
            assertEquals(teacher, trainer.model().average().vector(), "the teacher has moved");
            assertEquals(
                    0, trainer.snapshot().firstMoment().vector().norm2Number().doubleValue());
        }
    }

    /** Largest difference of the entries that are numbers. */
    private static double distance(INDArray a, INDArray b) {
        double most = 0;
        float[] x = a.toFloatVector();
        float[] y = b.toFloatVector();
        for (int i = 0; i < x.length; i++) {
            most = Float.isNaN(x[i]) && Float.isNaN(y[i]) ? most : Math.max(most, Math.abs(x[i] - y[i]));
        }
        return most;
    }
}
