package io.dino4j.examples.cli;

import io.dino4j.data.curation.StageSummary;
import io.dino4j.examples.option.KernelsOption;
import io.dino4j.graph.Precision;
import io.dino4j.train.Versions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** All stages of curation, one after the other. */
@Command(
        name = "run",
        description =
                "All stages of curation as a YAML file says, with one report. What is done already is not done again.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Example, curation.yaml:",
            "  images: pool/                # to choose from; whatever pretrain --images takes",
            "  curated: seed/               # images of the kind that is wanted",
            "  benchmark: evaluation/       # nothing like these is learnt from; may be left out",
            "  out: curated/",
            "  embedder: {weights: runs/photos}",
            "  retrieve: {per_image: 4}     # or {per_cluster: 10000}; or, without curated, balance: {images: 100000}",
            "",
            "  ./dino4j curate run --config curation.yaml",
            "  ./dino4j pretrain --images curated/lvd.manifest --preset nano --out runs/curated",
            "",
            "All keys are in docs/curation.md."
        })
final class CurateRunCommand implements Callable<Integer> {
    @Option(names = "--config", required = true, paramLabel = "FILE", description = "YAML file.")
    private Path file;

    @Option(names = "--force", description = "Make stages again whose settings have changed.")
    private boolean force;

    @Option(names = "--json", description = "Print JSON, an object for each stage.")
    private boolean json;

    @Mixin
    private WeightOptions options;

    @Mixin
    private KernelsOption kernels;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        CurationConfig config = CurationConfig.read(file);
        List<Path> stages;
        Path report;
        try (ConsoleProgress progress = new ConsoleProgress(System.err)) {
            CurationRun run = new CurationRun(config, network(config.embedder()), force, progress);
            stages = run.run();
            report = run.report("dino4j curate run --config " + file, Versions.of(kernels.list()));
        }
        PrintWriter to = spec.commandLine().getOut();
        for (Path stage : stages) {
            StageSummary s = StageSummary.of(stage);
            to.println(json ? s.json() : "%-9s %,12d in %,12d out   %s".formatted(s.stage(), s.in(), s.out(), stage));
        }
        if (!json) {
            to.println("report: " + report);
        }
        to.flush();
        return 0;
    }

    private NetworkEmbedding network(CurationConfig.Embedder embedder) {
        return new NetworkEmbedding(
                Path.of(embedder.weights()),
                options,
                kernels.list(),
                precision(embedder.precision()),
                embedder.optionalSize(),
                embedder.optionalBatch(),
                Runtime.getRuntime().availableProcessors());
    }

    private static Precision precision(String name) {
        return switch (name) {
            case "f32" -> Precision.F32;
            case "bf16" -> Precision.BF16;
            default -> throw new IllegalArgumentException("embedder.precision: must be f32 or bf16, got " + name);
        };
    }
}
