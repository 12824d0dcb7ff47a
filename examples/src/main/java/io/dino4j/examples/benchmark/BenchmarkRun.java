package io.dino4j.examples.benchmark;

import io.dino4j.examples.option.KernelsOption;
import io.dino4j.graph.exec.OpTime;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.train.Versions;
import io.dino4j.train.metrics.LinuxMemory;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What all benchmarks do; they differ in what is run. */
abstract class BenchmarkRun implements Callable<Integer> {
    private static final int WARM_UP = 3;
    private static final int RUNS = 5;
    private static final double SECONDS = 10;
    private static final int PROFILED = 5;

    /** Above this share of the processors, others take time from us. */
    private static final double BUSY = 0.5;

    @Option(
            names = "--preset",
            paramLabel = "NAME",
            defaultValue = "vits14",
            description = "Backbone: nano, tiny, vits14, vitb14, vitl14 or vitg14; default ${DEFAULT-VALUE}.")
    private String preset;

    @Option(
            names = "--runs",
            paramLabel = "N",
            description =
                    "Measured runs; default 5 or as many as fit in 10 seconds. The stock network gets 5 (forward) or 2"
                            + " (train).")
    private Integer runs;

    @Option(
            names = "--profile",
            description = "Show the time by kind of op too, and how near it comes to what the machine can do.")
    private boolean profile;

    @Mixin
    private KernelsOption kernels;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    /** Builds what is measured. */
    abstract Compiled compile(List<KernelProvider> providers);

    /** Name of the backbone. */
    final String preset() {
        return preset;
    }

    /** The stock network, if it is asked for. */
    Optional<Timing> stock() throws InterruptedException, StockFailure {
        return Optional.empty();
    }

    @Override
    public Integer call() throws Exception {
        if (runs != null && runs < 1) {
            throw new IllegalArgumentException("--runs must be at least 1, got " + runs);
        }
        Result result = measure();
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(result.toJson());
            out.flush();
        } else {
            result.print(out);
        }
        return result.stockFailure().isEmpty() ? 0 : 1;
    }

    private Result measure() throws InterruptedException {
        List<KernelProvider> providers = kernels.list();
        double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        int processors = Runtime.getRuntime().availableProcessors();
        if (load > BUSY * processors) {
            tell("the machine is busy (load %.1f on %d processors): expect figures below what it can do"
                    .formatted(load, processors));
        }
        Optional<Roofs> before = Roofs.measure();
        Summary summary;
        Timing ours;
        long planBytes;
        List<List<OpTime>> times = new ArrayList<>();
        tell("building and warming up");
        try (Compiled subject = compile(providers)) {
            summary = subject.summary(preset);
            Rounds rounds = runs == null
                    ? new Rounds(WARM_UP, RUNS, SECONDS, Double.POSITIVE_INFINITY)
                    : new Rounds(WARM_UP, runs, 0, Double.POSITIVE_INFINITY);
            List<Double> seconds = rounds.measure(subject::run, () -> {}, line -> tell("dino4j: " + line));
            ours = new Timing(seconds, LinuxMemory.peakResident());
            planBytes = subject.bytes();
            for (int i = 0; profile && i < PROFILED; i++) {
                times.add(subject.profile());
            }
        }
        Optional<Roofs> roofs = before.flatMap(b -> Roofs.measure().map(b::or));
        Optional<Timing> stock = Optional.empty();
        Optional<String> failure = Optional.empty();
        try {
            stock = stock();
        } catch (StockFailure e) {
            failure = Optional.of(e.getMessage());
        }
        return new Result(
                summary,
                new Result.Setting(commandLine(), providers.get(0).name(), threads(), load, Versions.of(providers)),
                roofs,
                planBytes,
                ours,
                stock,
                failure,
                profile ? Optional.of(OpProfile.of(times, roofs)) : Optional.empty());
    }

    private static int threads() {
        String set = System.getenv("OMP_NUM_THREADS");
        return set != null && set.matches("[1-9]\\d{0,5}")
                ? Integer.parseInt(set)
                : Runtime.getRuntime().availableProcessors();
    }

    private String commandLine() {
        var root = spec.root().commandLine().getParseResult();
        return spec.root().name() + " " + String.join(" ", root.originalArgs());
    }

    /** Says what is going on. */
    final void tell(String line) {
        PrintWriter err = spec.commandLine().getErr();
        err.println(line);
        err.flush();
    }
}
