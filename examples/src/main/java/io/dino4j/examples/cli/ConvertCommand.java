package io.dino4j.examples.cli;

import io.dino4j.zoo.weights.LoadReport;
import io.dino4j.zoo.weights.NamingScheme;
import io.dino4j.zoo.weights.NetworkRole;
import io.dino4j.zoo.weights.PretrainedWeights;
import io.dino4j.zoo.weights.WeightFiles;
import io.dino4j.zoo.weights.WeightType;
import io.dino4j.zoo.weights.WeightsExport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Writes weights in other names or another number format. */
@Command(
        name = "convert",
        description = "Write a backbone's weights as safetensors, in the names that another program expects.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j convert --weights dinov2_vits14_pretrain.pth --out vits14.safetensors",
            "  ./dino4j convert --weights runs/photos --out photos/model.safetensors --names hf",
            "  ./dino4j convert --weights vits14.safetensors --out half.safetensors --dtype bfloat16",
            "",
            "Official and Hugging Face names hold the same numbers; timm has no mask token."
        })
final class ConvertCommand implements Callable<Integer> {
    @Option(
            names = "--weights",
            required = true,
            paramLabel = "PATH",
            description =
                    "A .pth or .safetensors file, a run, a checkpoint of one, or a folder of the Hugging Face hub.")
    private Path weights;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "The .safetensors file to write.")
    private Path out;

    @Option(
            names = "--names",
            paramLabel = "SCHEME",
            defaultValue = "official",
            description = "official, hf (also writes config.json beside it) or timm; default official.")
    private String names;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            defaultValue = "float32",
            description = "float32, float16 or bfloat16, rounded to the nearest; default float32.")
    private String dtype;

    @Option(names = "--with-heads", description = "Write the projection heads of training too (official names only).")
    private boolean withHeads;

    @Option(names = "--force", description = "Replace files that exist.")
    private boolean force;

    @Mixin
    private WeightOptions options;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        NamingScheme scheme = chosen("--names", names, NamingScheme.values(), NamingScheme::option);
        WeightType type = chosen("--dtype", dtype, WeightType.values(), WeightType::option);
        Path target = out.toAbsolutePath().normalize();
        requireFree(target, scheme);
        NetworkRole role = options.role();
        Path source = WeightOptions.find(weights);
        try (ConsoleProgress progress = new ConsoleProgress(System.err);
                PretrainedWeights in = PretrainedWeights.open(source, role)) {
            boolean folder = Files.exists(target.getParent());
            if (Files.exists(target) && Files.isSameFile(target, WeightFiles.find(source, role))) {
                throw new IllegalArgumentException("--out is the file that is read; name another one");
            }
            in.backbone(options.heads());
            Files.createDirectories(target.getParent());
            LoadReport found;
            try {
                found = new WeightsExport(scheme, type).write(target, in, options.heads(), withHeads, progress);
            } finally {
                if (!folder) {
                    removeIfEmpty(target.getParent());
                }
            }
            report(in, found, scheme, type, target);
        }
        return 0;
    }

    static <T> T chosen(String option, String word, T[] values, Function<T, String> words) {
        return Arrays.stream(values)
                .filter(v -> words.apply(v).equalsIgnoreCase(word))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("%s must be one of %s, got '%s'"
                        .formatted(
                                option,
                                String.join(
                                        ", ", Arrays.stream(values).map(words).toList()),
                                word)));
    }

    private void requireFree(Path target, NamingScheme scheme) {
        if (!target.toString().endsWith(".safetensors")) {
            throw new IllegalArgumentException(
                    "%s: name a file that ends in .safetensors, such as model.safetensors".formatted(out));
        }
        List<Path> written = new ArrayList<>(List.of(target));
        if (scheme == NamingScheme.HUGGING_FACE) {
            written.add(WeightsExport.configFile(target));
        }
        for (Path file : written) {
            if (Files.isDirectory(file)) {
                throw new IllegalArgumentException("%s is a folder; name another --out".formatted(file));
            }
            if (Files.exists(file) && !force) {
                throw new IllegalArgumentException(
                        "%s exists already; add --force to replace it, or name another --out".formatted(file));
            }
        }
    }

    private static void removeIfEmpty(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            if (files.findAny().isPresent()) {
                return;
            }
        }
        Files.delete(folder);
    }

    private void report(PretrainedWeights in, LoadReport found, NamingScheme scheme, WeightType type, Path target)
            throws IOException {
        var console = spec.commandLine().getOut();
        console.printf(
                "%s: %s, %.1f million parameters, %s names, %s, %.1f MB%n",
                out,
                in.backbone().title(),
                in.backbone().parameters() / 1e6,
                scheme.title(),
                type.option(),
                Files.size(target) / 1e6);
        if (scheme == NamingScheme.HUGGING_FACE) {
            console.printf("%s: its configuration%n", out.resolveSibling("config.json"));
        }
        if (scheme == NamingScheme.TIMM) {
            console.println("the mask token is left out: timm has none; features do not need it");
        }
        if (!found.zeros().isEmpty() && scheme != NamingScheme.TIMM) {
            console.printf("zeros for what the file lacks: %s%n", String.join(", ", found.zeros()));
        }
        if (!found.beside().isEmpty()) {
            console.printf("left out: %s%n", InspectCommand.shown(String.join(", ", found.beside())));
        }
    }
}
