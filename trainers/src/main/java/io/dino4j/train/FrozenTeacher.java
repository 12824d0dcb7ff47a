package io.dino4j.train;

import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.ssl.Network;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.train.checkpoint.CheckpointException;
import io.dino4j.train.config.ConfigException;
import io.dino4j.train.config.RunConfig;
import io.dino4j.zoo.weights.PretrainedWeights;
import io.dino4j.zoo.weights.WeightsException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The network that a student is distilled from.
 *
 * @param file its weights
 * @param network its shape, positions at the size of the student's global crops; heads it comes without are those of the student's
 *     configuration
 * @param hasHeads true if the file has heads
 */
record FrozenTeacher(Path file, Network network, boolean hasHeads) {
    private static final String KEY = "distillation.teacher_weights: ";

    /**
     * The teacher of a run, once it has heads; empty if the run distils nothing.
     *
     * @param phase what holds now
     * @param directory where {@link Distiller} leaves the heads that it has trained
     * @throws ConfigException saying what is wrong with the teacher
     */
    static Optional<FrozenTeacher> of(RunConfig phase, RunDirectory directory) {
        if (!phase.distillation().isOn()) {
            return Optional.empty();
        }
        boolean trained = RunDirectory.isDone(directory.teacher());
        return trained ? Optional.of(withHeads(phase, directory.teacher())) : named(phase);
    }

    /**
     * The teacher of a run that another process records; empty if the run distils nothing.
     *
     * @throws ConfigException saying what is wrong with the teacher, such as that it has no heads
     */
    static Optional<FrozenTeacher> named(RunConfig phase) {
        return phase.distillation().isOn()
                ? Optional.of(withHeads(phase, Path.of(phase.distillation().teacherWeights())))
                : Optional.empty();
    }

    private static FrozenTeacher withHeads(RunConfig phase, Path path) {
        FrozenTeacher teacher = of(phase, path);
        if (!teacher.hasHeads) {
            throw new ConfigException(KEY + teacher.file + " has no heads; './dino4j distill' trains them first");
        }
        return teacher;
    }

    /**
     * Looks at a teacher.
     *
     * @param path a file of weights, a run, or a checkpoint of one
     * @throws ConfigException saying what is wrong with it
     */
    static FrozenTeacher of(RunConfig phase, Path path) {
        try (PretrainedWeights weights = PretrainedWeights.open(RunDirectory.weights(path))) {
            int patch = weights.backbone().patchSize();
            if (patch != phase.student().patchSize()) {
                throw new ConfigException(
                        "student.patch_size is %d, but the teacher %s has patches of %d pixels; the student needs the same"
                                .formatted(phase.student().patchSize(), path, patch));
            }
            VitConfig vit =
                    vit(phase, path, weights).withImageSize(phase.crops().globalCropsSize());
            Network student = Recipe.step(phase).student();
            boolean heads = weights.dinoHead().isPresent();
            Network network = heads
                    ? new Network(vit, weights.dinoHead().get(), weights.ibotHead())
                    : new Network(
                            vit,
                            student.dinoHead().withInDim(vit.embedDim()),
                            student.ibotHead().map(h -> h.withInDim(vit.embedDim())));
            weights.check(network.layout(), vit);
            return new FrozenTeacher(RunDirectory.weights(path), network, heads);
        } catch (WeightsException | CheckpointException | TrainingException e) {
            throw new ConfigException(KEY + e.getMessage(), e);
        }
    }

    /** The backbone's configuration: that of the run the weights come from, else what the file tells. */
    private static VitConfig vit(RunConfig phase, Path path, PretrainedWeights weights) {
        Optional<Path> run = RunDirectory.runOf(path);
        if (run.isPresent()) {
            return Recipe.backbone(RunDirectory.config(run.get()));
        }
        int heads = phase.distillation().teacherNumHeads();
        return weights.backbone(heads > 0 ? OptionalInt.of(heads) : OptionalInt.empty());
    }

    /** Fills the network of the step. */
    void load(ParameterVector into) {
        try (PretrainedWeights weights = PretrainedWeights.open(file)) {
            weights.load(into, network.backbone());
        }
    }
}
