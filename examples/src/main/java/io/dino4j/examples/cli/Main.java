package io.dino4j.examples.cli;

import io.dino4j.examples.benchmark.BenchmarkCommand;
import io.dino4j.train.TrainingException;
import io.dino4j.train.checkpoint.CheckpointException;
import io.dino4j.train.config.ConfigException;
import io.dino4j.zoo.weights.WeightsException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** The command line. */
@Command(
        name = "dino4j",
        description = "DINOv2 on the JVM: pre-train a vision backbone on your own images.",
        mixinStandardHelpOptions = true,
        versionProvider = InfoCommand.Version.class,
        subcommands = {
            PretrainCommand.class,
            DistillCommand.class,
            PlanCommand.class,
            NodeCommand.class,
            SweepCommand.class,
            WatchCommand.class,
            ExtractCommand.class,
            EvaluateCommand.class,
            CurateCommand.class,
            VisualizeCommand.class,
            ServeCommand.class,
            ConvertCommand.class,
            InspectCommand.class,
            ExportCommand.class,
            BenchmarkCommand.class,
            InfoCommand.class,
            ReferenceCommand.class,
            HelpCommand.class
        },
        footer = {
            "",
            "Examples:",
            "  ./dino4j pretrain                                     a built-in image set, about five minutes",
            "  ./dino4j pretrain --images photos/ --out runs/photos  your own images",
            "  ./dino4j pretrain --cluster local:2x2                 servers and workers as processes",
            "  ./dino4j plan --images photos/ --preset vits14        what that would need: memory, hours",
            "  ./dino4j sweep --config sweep.yaml                    which values of its keys do best",
            "  ./dino4j evaluate knn --weights runs/photos --train labelled/train --val labelled/val",
            "  ./dino4j extract --weights dinov2_vits14_pretrain.pth --images photos/ --out features.parquet",
            "  ./dino4j curate --help                                choose the images to learn from",
            "  ./dino4j visualize pca --weights runs/photos --images photos/ --out pca.png",
            "  ./dino4j serve --images photos/ --weights runs/photos  search them in the browser",
            "  ./dino4j convert --weights runs/photos --names hf --out photos/model.safetensors",
            "  ./dino4j inspect dinov2_vits14_pretrain.pth           what a file of weights holds",
            "  ./dino4j export onnx --weights runs/photos --out photos.onnx",
            "",
            "Exit codes: 0 done, 1 failed, 2 wrong usage or input, 130 interrupted (go on with --resume)."
        })
public final class Main {
    /** Failures that are the user's to mend: their message says all there is to say. */
    private static final Set<Class<? extends Exception>> EXPECTED = Set.of(
            TrainingException.class,
            ConfigException.class,
            CheckpointException.class,
            WeightsException.class,
            IllegalArgumentException.class,
            UncheckedIOException.class,
            IOException.class);

    /** Columns of a help text: room for an example on one line. */
    private static final int HELP_WIDTH = 110;

    private Main() {}

    /** Runs a command and exits with its code. */
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    /** The command line, for a program of one's own that gives the arguments and reads the exit code. */
    public static CommandLine commandLine() {
        CommandLine main = new CommandLine(new Main());
        main.setCaseInsensitiveEnumValuesAllowed(true);
        main.setUsageHelpWidth(HELP_WIDTH);
        main.setExecutionStrategy(Main::run);
        main.setParameterExceptionHandler((e, args) -> wrongUsage(e));
        main.setExecutionExceptionHandler((e, command, result) -> failed(e, command));
        return main;
    }

    private static int run(ParseResult parsed) {
        Integer help = CommandLine.executeHelpRequest(parsed);
        if (help != null) {
            return help;
        }
        Optional<String> missing = CudaDriver.missing();
        if (missing.isPresent()) {
            parsed.commandSpec().commandLine().getErr().println("dino4j: " + missing.get());
            return CommandLine.ExitCode.SOFTWARE;
        }
        return new CommandLine.RunLast().execute(parsed);
    }

    private static int wrongUsage(ParameterException e) {
        CommandLine command = e.getCommandLine();
        command.getErr().println("dino4j: " + e.getMessage());
        CommandLine.UnmatchedArgumentException.printSuggestions(e, command.getErr());
        command.getErr()
                .println("Try './%s --help'.".formatted(command.getCommandSpec().qualifiedName()));
        return CommandLine.ExitCode.USAGE;
    }

    private static int failed(Exception e, CommandLine command) throws Exception {
        boolean expected = EXPECTED.stream().anyMatch(c -> c.isInstance(e));
        if (!expected || e.getMessage() == null) {
            throw e;
        }
        boolean bare = e instanceof FileSystemException f && f.getReason() == null; // its message is the path alone
        command.getErr()
                .println("dino4j: " + e.getMessage()
                        + (bare ? ": " + e.getClass().getSimpleName() : ""));
        boolean input =
                e instanceof ConfigException || e instanceof WeightsException || e instanceof IllegalArgumentException;
        return input ? CommandLine.ExitCode.USAGE : CommandLine.ExitCode.SOFTWARE;
    }
}
