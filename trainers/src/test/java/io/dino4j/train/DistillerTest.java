package io.dino4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.train.config.ConfigException;
import io.dino4j.train.config.RunConfig;
import io.dino4j.zoo.weights.PretrainedWeights;
import io.dino4j.zoo.weights.Safetensors;
import io.dino4j.zoo.weights.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A student of width 32 learns from a teacher of width 64. */
final class DistillerTest {
    @TempDir
    private static Path shared;

    private static Path teacher;

    @TempDir
    private Path dir;

    @BeforeAll
    static void aTeacher() throws IOException {
        teacher = shared.resolve("teacher");
        TinyTraining.run(teacher, TinyTraining.config("student.embed_dim=64", "student.num_heads=4", "optim.epochs=2"));
    }

    private static RunConfig config(Path teacher, String... more) {
        List<String> keys = new ArrayList<>(
                List.of("distillation.teacher_weights=" + teacher, "optim.epochs=4", "student.drop_path_rate=0.25"));
        keys.addAll(List.of(more));
        return TinyTraining.config(keys.toArray(String[]::new));
    }

    /** The averaged network of a run. */
    private static Map<String, INDArray> weights(Path run) {
        Map<String, INDArray> weights = new LinkedHashMap<>();
        try (Safetensors file = Safetensors.open(TinyTraining.newest(run).teacherFile())) {
            file.tensors().keySet().forEach(n -> weights.put(n, file.read(n)));
        }
        return weights;
    }

    /** The teacher without its heads. */
    private static Path bare() throws IOException {
        Map<String, INDArray> backbone = new LinkedHashMap<>();
        weights(teacher).forEach((name, array) -> {
            if (name.startsWith("backbone.")) {
                backbone.put(name.substring("backbone.".length()), array);
            }
        });
        Path file = shared.resolve("bare.safetensors");
        SafetensorsWriter.write(file, backbone, Map.of());
        return file;
    }

    @Test
    void aStudentLearnsFromARunAndMayStopOnTheWay() throws IOException {
        RunConfig config = config(teacher, "train.centering=centering");
        Path whole = dir.resolve("whole");
        assertEquals(new Pretrainer.Outcome(4, true, 0), TinyTraining.distill(whole, config, Long.MAX_VALUE));
        Path parts = dir.resolve("parts");
        assertEquals(new Pretrainer.Outcome(2, false, 0), TinyTraining.distill(parts, config, 2));
        assertEquals(new Pretrainer.Outcome(4, true, 0), TinyTraining.distill(parts, config, Long.MAX_VALUE));
        TinyTraining.requireSameState(whole, parts);
        assertFalse(Files.exists(whole.resolve("teacher")), "this teacher has its heads");
        try (PretrainedWeights result = PretrainedWeights.open(RunDirectory.weights(whole))) {
            assertEquals(32, result.backbone().embedDim());
        }
        Path other = dir.resolve("other");
        TinyTraining.run(other, TinyTraining.config("optim.epochs=4", "train.centering=centering"), 1);
        assertNotEquals(
                TinyTraining.losses(whole).get(0).get("dino_global_crops_loss"),
                TinyTraining.losses(other).get(0).get("dino_global_crops_loss"),
                "the teacher makes the targets");
    }

    @Test
    void aBareBackboneGetsHeadsFirstAndTheRunMayStopInBothParts() throws IOException {
        RunConfig config = config(bare(), "distillation.teacher_num_heads=4", "distillation.head_warmup_steps=3");
        Path whole = dir.resolve("whole");
        assertEquals(new Pretrainer.Outcome(4, true, 0), TinyTraining.distill(whole, config, Long.MAX_VALUE));
        Path heads = whole.resolve("teacher");
        assertEquals(3, TinyTraining.newest(heads).state().step());
        Map<String, INDArray> before = weights(teacher);
        weights(heads).forEach((name, array) -> {
            if (name.startsWith("backbone.")) {
                assertEquals(before.get(name), array, name + ": the backbone is frozen");
            } else if (name.endsWith("last_layer.weight_v")) {
                assertNotEquals(before.get(name), array, name + ": the heads are new");
            }
        });
        Path parts = dir.resolve("parts");
        assertEquals(new Pretrainer.Outcome(2, false, 0), TinyTraining.distill(parts, config, 2));
        assertFalse(Files.exists(parts.resolve("checkpoints")), "still at the heads");
        assertEquals(new Pretrainer.Outcome(2, false, 0), TinyTraining.distill(parts, config, 2));
        assertTrue(Files.exists(parts.resolve("checkpoints")), "at the student");
        assertEquals(new Pretrainer.Outcome(4, true, 0), TinyTraining.distill(parts, config, Long.MAX_VALUE));
        TinyTraining.requireSameState(heads, parts.resolve("teacher"));
        TinyTraining.requireSameState(whole, parts);
    }

    @Test
    void whatCannotTeachIsNamedAndNothingIsWritten() throws IOException {
        fails(config(dir.resolve("none.pth")), "distillation.teacher_weights: ", "none.pth: no such file");
        Path text = Files.writeString(dir.resolve("notes.txt"), "no weights");
        fails(config(text), "notes.txt: is neither");
        fails(config(bare()), "number of attention heads");
        String[] other = {"student.patch_size=16", "crops.local_crops_size=16"};
        fails(config(teacher, other), "student.patch_size is 16", "patches of 8 pixels");
        fails(config(teacher, "dino.head_n_prototypes=25"), "prototypes", "25 and 24");
        fails(config(dir), "state.json");
    }

    private void fails(RunConfig config, String... parts) {
        Path run = dir.resolve("run");
        RuntimeException e =
                assertThrows(RuntimeException.class, () -> TinyTraining.distill(run, config, Long.MAX_VALUE));
        assertTrue(e instanceof ConfigException || e instanceof IllegalArgumentException, e.toString());
        for (String part : parts) {
            assertTrue(e.getMessage().contains(part), e.getMessage());
        }
        assertFalse(Files.exists(run));
    }
}
