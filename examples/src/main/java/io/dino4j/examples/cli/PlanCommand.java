package io.dino4j.examples.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.dino4j.examples.option.KernelsOption;
import io.dino4j.train.KnnProbe;
import io.dino4j.train.RunEstimate;
import io.dino4j.train.RunEstimator;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.config.RunConfig;
import io.dino4j.train.metrics.LinuxMemory;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Says what a run will need before it is begun. */
@Command(
        name = "plan",
        description = "Say what a pre-training run will need: parameters, memory, GFLOP and seconds a step, hours.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j plan --preset vits14 --images photos/",
            "  ./dino4j plan --config vitl14.yaml --set train.recompute_blocks=true --json",
            "",
            "Takes the options of pretrain. Memory is worked out from the graphs first; if it is there, a few real steps",
            "are measured, with the images, or without --images the built-in set, loaded beside them.",
            "Exit codes: 0 it fits, 1 it does not."
        })
final class PlanCommand implements Callable<Integer> {
    private static final int DOES_NOT_FIT = 1;

    @Mixin
    private RunOptions options;

    @Mixin
    private KernelsOption kernels;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        ConfigLayers layers = layers(List.of());
        TrainingImages set = TrainingImages.of(layers.resolve().train().datasetPath());
        RunConfig config = layers.resolve(set.source().size());
        Optional<KnnProbe> probe = set.probe(config, options.val());
        RunEstimator estimator = new RunEstimator(config, set.source(), probe, kernels.list());
        try (ConsoleProgress progress = new ConsoleProgress(System.err)) {
            RunEstimate estimate = estimator.fromGraphs();
            OptionalLong limit = limit();
            boolean fits = limit.isEmpty() || estimate.memory().total() <= limit.getAsLong();
            if (fits) {
                print(new PlanTable(estimator.measured(estimate, progress), limit, Map.of()));
                return 0;
            }
            print(new PlanTable(estimate, limit, remedies(config, set, probe)));
            return DOES_NOT_FIT;
        }
    }

    private ConfigLayers layers(List<String> keys) {
        return options.begin(PretrainCommand.usualPreset(options.hasImages()), List.of(), keys);
    }

    /** What this process can have in all: what is free, and what it has already. */
    private static OptionalLong limit() {
        OptionalLong free = LinuxMemory.available();
        OptionalLong own = LinuxMemory.resident();
        return free.isPresent() && own.isPresent()
                ? OptionalLong.of(free.getAsLong() + own.getAsLong())
                : OptionalLong.empty();
    }

    /** Changes of the configuration that save memory, and the bytes that the run needs with each. */
    private Map<String, Long> remedies(RunConfig config, TrainingImages set, Optional<KnnProbe> probe) {
        Map<String, Long> remedies = new LinkedHashMap<>();
        int batch = config.train().batchSizePerGpu();
        int steps = config.train().accumulationSteps();
        String recompute = "train.recompute_blocks=true";
        String half = "train.batch_size_per_gpu=" + batch / 2;
        String twice = "train.accumulation_steps=" + 2 * steps;
        if (!config.train().recomputeBlocks()) {
            remedies.put(recompute, total(List.of(recompute), set, probe));
        }
        if (config.train().precision() == RunConfig.Precision.F32) {
            String bf16 = "train.precision=bf16";
            remedies.put(bf16, total(List.of(bf16), set, probe));
        }
        if (batch >= 4) {
            remedies.put(half, total(List.of(half), set, probe));
            remedies.put(half + " " + twice, total(List.of(half, twice), set, probe));
            String least = "train.batch_size_per_gpu=2";
            String most = "train.accumulation_steps=" + steps * batch / 2;
            remedies.put(least + " " + most + " " + recompute, total(List.of(least, most, recompute), set, probe));
        }
        return remedies;
    }

    private long total(List<String> keys, TrainingImages set, Optional<KnnProbe> probe) {
        RunConfig other = layers(keys).resolve(set.source().size());
        return new RunEstimator(other, set.source(), probe, kernels.list())
                .fromGraphs()
                .memory()
                .total();
    }

    private void print(PlanTable table) throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(table.toJson()));
        } else {
            table.print(out);
        }
        out.flush();
    }
}
