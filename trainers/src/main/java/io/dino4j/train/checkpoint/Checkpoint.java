package io.dino4j.train.checkpoint;

import io.dino4j.graph.param.ParameterVector;
import io.dino4j.zoo.weights.RunLayout;
import io.dino4j.zoo.weights.Safetensors;
import io.dino4j.zoo.weights.StrictWeights;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A complete checkpoint whose files have been verified.
 *
 * @param dir its folder
 * @param state where the run stood
 */
public record Checkpoint(Path dir, RunState state) {
    static final String FIRST_MOMENT = "moment1.safetensors";
    static final String SECOND_MOMENT = "moment2.safetensors";
    static final String EXTRAS = "extras.safetensors";

    /**
     * Opens and verifies a folder: every length and hash.
     *
     * @throws CheckpointException if anything is missing, cut or altered
     */
    public static Checkpoint open(Path dir) {
        if (!Files.isDirectory(dir)) {
            throw new CheckpointException("%s: no such checkpoint folder".formatted(dir));
        }
        return new Checkpoint(dir, Manifest.readVerified(dir).state());
    }

    /** The student's file, for tools. */
    public Path studentFile() {
        return dir.resolve(RunLayout.STUDENT);
    }

    /** The teacher's file: the weights to use and publish. */
    public Path teacherFile() {
        return dir.resolve(RunLayout.TEACHER);
    }

    /**
     * Copies the four vectors back, bit for bit.
     *
     * @param snapshot student, teacher and moments are written; its extras are left alone, see {@link #extras()}
     * @throws io.dino4j.zoo.weights.WeightsException listing every difference if the model is another one
     */
    public void restoreInto(Snapshot snapshot) {
        load(RunLayout.STUDENT, snapshot.student());
        load(RunLayout.TEACHER, snapshot.teacher());
        load(FIRST_MOMENT, snapshot.firstMoment());
        load(SECOND_MOMENT, snapshot.secondMoment());
    }

    /** The extra arrays that were saved, such as centres. */
    public Map<String, INDArray> extras() {
        Map<String, INDArray> extras = new LinkedHashMap<>();
        try (Safetensors file = Safetensors.open(dir.resolve(EXTRAS))) {
            file.tensors().keySet().forEach(name -> extras.put(name, file.read(name)));
        }
        return extras;
    }

    /**
     * Refuses to go on with another configuration.
     *
     * @throws CheckpointException if the hash differs
     */
    public void requireConfig(String configHash) {
        if (!state.configHash().equals(configHash)) {
            throw new CheckpointException(
                    "%s: was made with another configuration (hash %.12s, now %.12s); use the run's own config.yaml"
                            .formatted(dir, state.configHash(), configHash));
        }
    }

    private void load(String file, ParameterVector into) {
        try (Safetensors tensors = Safetensors.open(dir.resolve(file))) {
            StrictWeights.load(tensors, into);
        }
    }
}
