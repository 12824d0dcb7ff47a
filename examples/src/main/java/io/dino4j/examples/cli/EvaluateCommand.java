package io.dino4j.examples.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dino4j.data.image.EvalTransform;
import io.dino4j.data.source.ImageSource;
import io.dino4j.examples.option.KernelsOption;
import io.dino4j.graph.Precision;
import io.dino4j.graph.kernel.WeightVersion;
import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.train.KnnProbe;
import io.dino4j.train.Recipe;
import io.dino4j.train.RunDirectory;
import io.dino4j.train.TrainingException;
import io.dino4j.train.checkpoint.Checkpoint;
import io.dino4j.train.checkpoint.CheckpointStore;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.config.RunConfig;
import io.dino4j.zoo.FeatureExtractor;
import io.dino4j.zoo.weights.NetworkRole;
import io.dino4j.zoo.weights.PretrainedWeights;
import io.dino4j.zoo.weights.RunLayout;
import io.dino4j.zoo.weights.Safetensors;
import io.dino4j.zoo.weights.StrictWeights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures what trained features are worth. */
@Command(
        name = "evaluate",
        description = "Measure what trained features are worth.",
        mixinStandardHelpOptions = true,
        subcommands = EvaluateCommand.Knn.class,
        footer = {
            "",
            "Example:",
            "  ./dino4j evaluate knn --weights runs/photos --train labelled/train --val labelled/val"
        })
final class EvaluateCommand {
    private EvaluateCommand() {}

    /** Weighted k-NN of labelled images, without any training. */
    @Command(
            name = "knn",
            description = "Classify labelled images by their nearest neighbours in feature space (k = 10 and 20).",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            footer = {
                "",
                "Example:",
                "  ./dino4j evaluate knn --weights runs/photos --train labelled/train --val labelled/val",
                "  ./dino4j evaluate knn --weights dinov2_vits14_pretrain.pth --train labelled/train --val labelled/val",
                "",
                "Both folders hold one folder for each class. Images enter a run's network at the size of its global crops, that of",
                "a file at 224 pixels, or fewer if it was trained on smaller ones."
            })
    static final class Knn implements Callable<Integer> {
        /** Pixels on a side at which the official models are compared. */
        private static final int USUAL_SIZE = 224;

        @Option(
                names = "--weights",
                required = true,
                paramLabel = "PATH",
                description =
                        "A run, whose newest teacher is used, or weights: a .pth or .safetensors file, or a folder of the Hugging Face hub.")
        private Path weights;

        @Option(names = "--train", required = true, paramLabel = "PATH", description = "Labelled images to look among.")
        private Path train;

        @Option(names = "--val", required = true, paramLabel = "PATH", description = "Labelled images to classify.")
        private Path val;

        @Option(names = "--json", description = "Print JSON.")
        private boolean json;

        @Mixin
        private WeightOptions options;

        @Mixin
        private KernelsOption kernels;

        @Spec
        private CommandSpec spec;

        @Override
        public Integer call() throws Exception {
            ImageSource bank = Images.open(train);
            ImageSource queries = Images.open(val);
            requireClasses(bank, train);
            requireClasses(queries, val);
            Subject subject = RunDirectory.holdsRun(weights) ? run() : file();
            try (ConsoleProgress progress = new ConsoleProgress(System.err);
                    FeatureExtractor network = subject.network()) {
                KnnProbe probe = new KnnProbe(
                        bank, queries, subject.transform(), Runtime.getRuntime().availableProcessors());
                Map<Integer, Double> pixels = probe.pixelAccuracy(progress);
                Map<Integer, Double> accuracy = probe.accuracy(network, progress);
                print(subject, accuracy, pixels);
            }
            return 0;
        }

        /**
         * What is measured.
         *
         * @param title in a line for people
         * @param step of the run it comes from, if it does
         */
        private record Subject(String title, OptionalLong step, EvalTransform transform, FeatureExtractor network) {}

        private Subject run() {
            Checkpoint checkpoint = CheckpointStore.latestIn(weights.resolve(RunLayout.CHECKPOINTS))
                    .orElseThrow(() -> new TrainingException("%s has no complete checkpoint yet".formatted(weights)));
            RunConfig config = ConfigLayers.defaults()
                    .file(RunDirectory.configFile(weights))
                    .resolve()
                    .phase(checkpoint.state().phase());
            long step = checkpoint.state().step();
            return new Subject(
                    "%s after %d steps".formatted(isStudent() ? "student" : "teacher", step),
                    OptionalLong.of(step),
                    Recipe.evaluation(config),
                    network(config, checkpoint));
        }

        private Subject file() throws IOException {
            try (PretrainedWeights file = PretrainedWeights.open(WeightOptions.find(weights), options.role())) {
                VitConfig vit = file.backbone(options.heads());
                int most = Math.min(vit.imageSize(), USUAL_SIZE);
                FeatureExtractor network = new FeatureExtractor(
                        vit, file.parameters(vit), Optional.of(new WeightVersion()), Precision.F32, kernels.list());
                return new Subject(
                        "%s of %s".formatted(file.backbone().title(), weights),
                        OptionalLong.empty(),
                        EvalTransform.of(most - most % vit.patchSize()),
                        network);
            }
        }

        private static void requireClasses(ImageSource source, Path folder) {
            if (source.classes().size() < 2) {
                throw new IllegalArgumentException(
                        "%s has no classes: k-NN needs one folder for each class, or labels in tar or Parquet files or a manifest"
                                .formatted(folder));
            }
        }

        private boolean isStudent() {
            return options.role() == NetworkRole.STUDENT;
        }

        private FeatureExtractor network(RunConfig config, Checkpoint checkpoint) {
            VitConfig vit = Recipe.backbone(config);
            ParameterLayout layout = Recipe.step(config).student().layout();
            ParameterVector network = ParameterVector.zeros(layout, DataType.FLOAT);
            try (Safetensors file =
                    Safetensors.open(isStudent() ? checkpoint.studentFile() : checkpoint.teacherFile())) {
                StrictWeights.load(file, network);
            }
            Map<String, INDArray> backbone = network.views(SslConfig.BACKBONE);
            return new FeatureExtractor(
                    vit,
                    backbone,
                    Optional.of(new WeightVersion()),
                    Recipe.precision(config.train().precision()),
                    kernels.list());
        }

        private void print(Subject subject, Map<Integer, Double> accuracy, Map<Integer, Double> pixels)
                throws Exception {
            var out = spec.commandLine().getOut();
            if (json) {
                ObjectMapper mapper = new ObjectMapper();
                ObjectNode node = mapper.createObjectNode();
                node.put("weights", weights.toString());
                subject.step().ifPresent(step -> node.put("step", step));
                node.set("knn", mapper.valueToTree(accuracy));
                node.set("raw_pixels", mapper.valueToTree(pixels));
                out.println(mapper.writeValueAsString(node));
                return;
            }
            out.println(subject.title());
            accuracy.forEach((k, a) ->
                    out.printf("k = %-3d  accuracy %5.2f%%   raw pixels %5.2f%%%n", k, 100 * a, 100 * pixels.get(k)));
        }
    }
}
