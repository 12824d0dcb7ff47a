package io.dino4j.examples.benchmark;

import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.train.config.ConfigLayers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The step of self-supervised training, as a configuration says. */
@Command(
        name = "step",
        description = "A training step without the optimiser: teacher's targets, losses, all gradients.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j benchmark step --preset vits14 --batch 4 --set student.drop_path_rate=0.3",
            "  ./dino4j benchmark step --preset tiny --profile",
            "",
            "Crops, masks and heads are those of the configuration; the images are drawn shapes."
        })
final class StepBenchmark extends BenchmarkRun {
    @Option(names = "--config", paramLabel = "FILE", description = "YAML with DINOv2's own keys, over the preset.")
    private Path config;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Set one key, such as ibot.separate_head=false; may be repeated.")
    private List<String> settings = new ArrayList<>();

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "4",
            description = "Images in a step (train.batch_size_per_gpu); default ${DEFAULT-VALUE}.")
    private int batch;

    @Option(
            names = "--prototypes",
            paramLabel = "K",
            description = "Prototypes of every head (dino.head_n_prototypes and ibot.head_n_prototypes).")
    private Integer prototypes;

    @Override
    Compiled compile(List<KernelProvider> providers) {
        ConfigLayers layers = ConfigLayers.defaults().preset(preset());
        if (config != null) {
            layers.file(config);
        }
        List<String> keys = new ArrayList<>(settings);
        keys.add("train.batch_size_per_gpu=" + batch);
        if (prototypes != null) {
            keys.add("dino.head_n_prototypes=" + prototypes);
            keys.add("ibot.head_n_prototypes=" + prototypes);
        }
        return new CompiledStep(layers.overrides(keys).resolve(), providers);
    }
}
