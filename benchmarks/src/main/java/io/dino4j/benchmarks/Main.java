package io.dino4j.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.dino4j.graph.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Measures everything, or some of it. */
@Command(
        name = "benchmarks/run",
        description = "Measure dino4j against what a user would take instead.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  benchmarks/run --json results.json",
            "  benchmarks/run --only forward-f32,train-f32",
            "",
            "Exit codes: 0 all measured, 1 something could not be measured, 2 wrong usage."
        })
public final class Main implements Callable<Integer> {
    private static final List<Line> LINES = List.of(
            new BackboneLine(false, Precision.F32),
            new BackboneLine(false, Precision.BF16),
            new BackboneLine(true, Precision.F32),
            new BackboneLine(true, Precision.BF16),
            new PackedLine(),
            new AttentionMemoryLine(),
            new DropPathLine(),
            new StepLine(),
            new OptimizerLine(),
            new StartUpLine(),
            new SteadyLine());

    private static final double SECOND = 1e9;

    @Option(
            names = "--only",
            paramLabel = "LINE",
            split = ",",
            description = "Measure these only, separated by commas; --list names them.")
    private List<String> only = List.of();

    @Option(names = "--list", description = "Name the lines and end.")
    private boolean list;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the results as JSON too.")
    private Path json;

    @Option(
            names = "--models",
            paramLabel = "FOLDER",
            description = "Network files, made by benchmarks/models.py; default benchmarks/target/models.")
    private Path models;

    @Option(
            names = "--threads",
            paramLabel = "N",
            defaultValue = "2",
            description = "Threads of every subject; default ${DEFAULT-VALUE}.")
    private int threads;

    @Spec
    private CommandSpec spec;

    private Main() {}

    /** Measures and exits with its code. */
    public static void main(String[] args) {
        System.exit(new CommandLine(new Main()).execute(args));
    }

    @Override
    public Integer call() throws IOException {
        if (list) {
            LINES.forEach(l -> System.out.printf("%-18s %s%n", l.name(), l.title()));
            return 0;
        }
        List<Line> lines = chosen();
        if (threads < 1) {
            throw new ParameterException(spec.commandLine(), "--threads must be at least 1, got " + threads);
        }
        Path root =
                Path.of(System.getProperty("dino4j.root", ".")).toAbsolutePath().normalize();
        Path target = root.resolve("benchmarks/target");
        Setting setting = new Setting(
                root,
                (models == null ? target.resolve("models") : models).toAbsolutePath(),
                target.resolve("work"),
                threads,
                System.err::println);
        Machine machine = Machine.here();
        if (machine.busy()) {
            System.err.printf("the machine is busy (load %.1f): expect figures below what it can do%n", machine.load());
        }
        Report report = new Report(
                machine,
                "benchmarks/run "
                        + String.join(" ", spec.commandLine().getParseResult().originalArgs()),
                threads);
        for (Line line : lines) {
            measure(line, setting, report);
        }
        report.print(System.out);
        if (json != null) {
            new ObjectMapper().writerWithDefaultPrettyPrinter().writeValue(json.toFile(), report.toJson());
        }
        return report.complete() ? 0 : 1;
    }

    private List<Line> chosen() {
        for (String name : only) {
            if (LINES.stream().noneMatch(l -> l.name().equals(name))) {
                String all = LINES.stream().map(Line::name).collect(Collectors.joining(", "));
                throw new ParameterException(
                        spec.commandLine(), "--only: there is no line '%s', only %s".formatted(name, all));
            }
        }
        return LINES.stream()
                .filter(l -> only.isEmpty() || only.contains(l.name()))
                .toList();
    }

    private static void measure(Line line, Setting setting, Report report) {
        setting.tell().accept(line.name() + ": " + line.title());
        long start = System.nanoTime();
        try {
            report.add(line, line.measure(setting), (System.nanoTime() - start) / SECOND);
        } catch (LineFailure | RuntimeException e) {
            setting.tell().accept("  failed: " + e.getMessage());
            report.fail(line, String.valueOf(e.getMessage()), (System.nanoTime() - start) / SECOND);
        }
    }
}
