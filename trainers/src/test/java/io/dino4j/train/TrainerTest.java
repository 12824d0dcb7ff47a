package io.dino4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.crop.Batch;
import io.dino4j.data.crop.BatchLoader;
import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.exec.Sessions;
import io.dino4j.train.config.RunConfig;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;

/** One step. */
final class TrainerTest {
    private static final RunConfig CONFIG = TinyTraining.config();

    private static BatchLoader batches() {
        return BatchLoader.open(TinyTraining.IMAGES, Recipe.crops(CONFIG), 4, 0, 0, 1, 0, line -> {});
    }

    private static Trainer trainer() {
        Sessions.install(Providers.forThisMachine());
        return new Trainer(CONFIG, Providers.forThisMachine());
    }

    @Test
    void aStepMovesStudentAndTeacherAndNamesEveryNumber() {
        try (Trainer trainer = trainer();
                BatchLoader batches = batches();
                Batch batch = batches.next()) {
            INDArray start = trainer.model().student().vector().dup();
            assertEquals(start, trainer.model().teacher().vector(), "both begin equal");
            Map<String, Double> values = trainer.step(0, batch);
            assertNotEquals(start, trainer.model().student().vector());
            assertNotEquals(start, trainer.model().teacher().vector());
            assertNotEquals(
                    trainer.model().student().vector(),
                    trainer.model().teacher().vector());
            assertTrue(values.get("grad_norm_backbone") > 0, values.toString());
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
            INDArray teacher = trainer.model().teacher().vector().dup();
            String message = assertThrows(TrainingException.class, () -> trainer.step(7, batch))
                    .getMessage();
            assertTrue(message.matches("step 7: (dino|koleo|ibot)\\w*_loss is NaN, .*"), message);
            assertEquals(0, distance(before, student), "the student has moved");
            assertEquals(teacher, trainer.model().teacher().vector(), "the teacher has moved");
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
