package io.dino4j.train;

import io.dino4j.data.image.EvalTransform;
import io.dino4j.graph.param.Initialization;
import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.train.checkpoint.Checkpoint;
import io.dino4j.train.checkpoint.CheckpointStore;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.config.RunConfig;
import io.dino4j.train.eval.feature.NetworkSubject;
import io.dino4j.zoo.Dinov2;
import io.dino4j.zoo.weights.NetworkRole;
import io.dino4j.zoo.weights.PretrainedWeights;
import io.dino4j.zoo.weights.RunLayout;
import io.dino4j.zoo.weights.Safetensors;
import io.dino4j.zoo.weights.StrictWeights;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Networks to evaluate, from runs and from files. */
public final class Subjects {
    /** Pixels on a side at which the official models are compared. */
    private static final int USUAL_SIZE = 224;

    private Subjects() {}

    /**
     * A network to evaluate and where it comes from.
     *
     * @param network closed by its owner
     * @param step of the run it comes from, if it does
     */
    public record Opened(NetworkSubject network, OptionalLong step) {}

    /**
     * A run's newest network at the size of its global crops, or the weights that a path stands for at {@value #USUAL_SIZE} pixels, or fewer
     * if they were trained on smaller images.
     *
     * @param path a run, a file of weights, or a folder as {@link PretrainedWeights#open} takes it
     * @param options role, heads and kernels; a run has its own precision
     * @param size pixels on a side of the network's input instead, a multiple of the patch size; empty for the usual one
     * @throws TrainingException if it is a run without a checkpoint
     * @throws io.dino4j.zoo.weights.WeightsException naming the file and what is wrong with it
     * @throws IllegalArgumentException if the size is not a multiple of the patch size
     */
    public static Opened open(Path path, Dinov2.Options options, OptionalInt size) {
        return RunDirectory.holdsRun(path) ? ofRun(path, options, size) : ofFile(path, options, size);
    }

    /** The untrained network that a run, or weights, began with or could have begun with: of the same sizes, a run's with its seed. */
    public static NetworkSubject untrained(Path path, Dinov2.Options options, OptionalInt size) {
        if (RunDirectory.holdsRun(path)) {
            RunConfig config = config(path, newest(path));
            ParameterVector network = layout(config);
            RunConfig.Student s = config.student();
            Initialization.fill(
                    network,
                    new Initialization.Spread(
                            s.layerscale(),
                            s.initStd(),
                            s.posEmbedInitStd(),
                            config.dino().headInitStd()),
                    config.train().seed());
            return NetworkSubject.of("untrained network", model(config, network, options, size));
        }
        try (PretrainedWeights file = PretrainedWeights.open(path, options.role())) {
            VitConfig vit = file.backbone(options.heads());
            ParameterVector network = ParameterVector.zeros(ParameterLayout.of(vit.parameters()), DataType.FLOAT);
            Initialization.fill(network, vit.layerScale(), 0);
            Dinov2 model = sized(Dinov2.of(vit, network.views(""), options), usual(vit), size);
            return NetworkSubject.of("untrained " + file.backbone().title(), model);
        }
    }

    private static Checkpoint newest(Path run) {
        return CheckpointStore.latestIn(run.resolve(RunLayout.CHECKPOINTS))
                .orElseThrow(() -> new TrainingException("%s has no complete checkpoint yet".formatted(run)));
    }

    private static RunConfig config(Path run, Checkpoint checkpoint) {
        return ConfigLayers.defaults()
                .file(RunDirectory.configFile(run))
                .resolve()
                .phase(checkpoint.state().phase());
    }

    private static ParameterVector layout(RunConfig config) {
        return ParameterVector.zeros(Recipe.step(config).student().layout(), DataType.FLOAT);
    }

    private static Opened ofRun(Path run, Dinov2.Options options, OptionalInt size) {
        Checkpoint checkpoint = newest(run);
        RunConfig config = config(run, checkpoint);
        boolean student = options.role() == NetworkRole.STUDENT;
        ParameterVector network = layout(config);
        try (Safetensors file = Safetensors.open(student ? checkpoint.studentFile() : checkpoint.teacherFile())) {
            StrictWeights.load(file, network);
        }
        long step = checkpoint.state().step();
        String title = "%s after %d steps".formatted(student ? "student" : "teacher", step);
        return new Opened(NetworkSubject.of(title, model(config, network, options, size)), OptionalLong.of(step));
    }

    private static Dinov2 model(RunConfig config, ParameterVector network, Dinov2.Options options, OptionalInt size) {
        Map<String, INDArray> backbone = network.views(SslConfig.BACKBONE);
        Dinov2.Options own = options.in(Recipe.precision(config.train().precision()));
        return sized(Dinov2.of(Recipe.backbone(config), backbone, own), Recipe.evaluation(config), size);
    }

    private static Opened ofFile(Path path, Dinov2.Options options, OptionalInt size) {
        try (PretrainedWeights file = PretrainedWeights.open(path, options.role())) {
            VitConfig vit = file.backbone(options.heads());
            Dinov2 model = sized(Dinov2.of(vit, file.parameters(vit), options), usual(vit), size);
            return new Opened(
                    NetworkSubject.of("%s of %s".formatted(file.backbone().title(), path), model),
                    OptionalLong.empty());
        }
    }

    private static EvalTransform usual(VitConfig vit) {
        int most = Math.min(vit.imageSize(), USUAL_SIZE);
        return EvalTransform.of(most - most % vit.patchSize());
    }

    /** Nothing has been compiled of the first model yet, so it needs no closing. */
    private static Dinov2 sized(Dinov2 model, EvalTransform usual, OptionalInt size) {
        int patch = model.config().patchSize();
        int side = size.orElse(usual.crop());
        if (side < patch || side % patch != 0) {
            throw new IllegalArgumentException(
                    "--size must be a multiple of %d, the patch size, got %d".formatted(patch, side));
        }
        return model.with(size.isPresent() ? EvalTransform.of(side) : usual);
    }
}
