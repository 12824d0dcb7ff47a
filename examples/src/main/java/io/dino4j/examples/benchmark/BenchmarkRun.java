package io.dino4j.examples.benchmark;

import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.kernel.onednn.GemmPeak;
import io.dino4j.train.Versions;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What both benchmarks do; they differ in what is run. */
abstract class BenchmarkRun implements Callable<Integer> {
    private static final int WARM_UP = 3;
    private static final int RUNS = 5;
    private static final double SECONDS = 10;
    private static final int PROFILED = 5;

    /** Above this share of the processors, others take time from us. */
    private static final double BUSY = 0.5;

    /** What there is to compare with. */
    enum Rival {
        /** The same network of SameDiff's own ops, run by SameDiff's own session. */
        STOCK
    }

    @Option(
            names = "--preset",
            paramLabel = "NAME",
            defaultValue = "vits14",
            description = "Backbone: nano, tiny, vits14, vitb14, vitl14 or vitg14; default ${DEFAULT-VALUE}.")
    private String preset;

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "8",
            description = "Images at a time; default ${DEFAULT-VALUE}.")
    private int batch;

    @Option(
            names = "--size",
            paramLabel = "PIXELS",
            description = "Side of the images, a multiple of the patch size; default that of the preset.")
    private Integer size;

    @Option(names = "--precision", paramLabel = "TYPE", defaultValue = "f32", description = "f32, the only one so far.")
    private String precision;

    @Option(
            names = "--against",
            paramLabel = "NAME",
            description = "stock: measure the same network of stock SameDiff ops too, in a process of its own; takes"
                    + " minutes.")
    private List<Rival> against = new ArrayList<>();

    @Option(
            names = "--runs",
            paramLabel = "N",
            description =
                    "Measured runs; default 5 or as many as fit in 10 seconds. The stock network gets 5 (forward) or 2"
                            + " (train).")
    private Integer runs;

    @Option(names = "--profile", description = "Show the time by op too.")
    private boolean profile;

    @Option(
            names = "--kernels",
            paramLabel = "NAME",
            description = "onednn or portable; default the fastest that runs here.")
    private Providers kernels;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    /** True to run backward too. */
    abstract boolean training();

    @Override
    public Integer call() throws Exception {
        if (!precision.equals("f32")) {
            throw new IllegalArgumentException("--precision %s is not there yet, only f32".formatted(precision));
        }
        if (runs != null && runs < 1) {
            throw new IllegalArgumentException("--runs must be at least 1, got " + runs);
        }
        if (size != null && size < 1) {
            throw new IllegalArgumentException("--size must be positive, got " + size);
        }
        Result result = measure(Workload.of(preset, batch, size == null ? 0 : size, training()));
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(result.toJson());
            out.flush();
        } else {
            result.print(out);
        }
        return result.stockFailure().isEmpty() ? 0 : 1;
    }

    private Result measure(Workload work) throws InterruptedException {
        List<KernelProvider> providers = kernels == null ? Providers.forThisMachine() : kernels.list();
        double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        int processors = Runtime.getRuntime().availableProcessors();
        if (load > BUSY * processors) {
            tell("the machine is busy (load %.1f on %d processors): expect figures below what it can do"
                    .formatted(load, processors));
        }
        double peakBefore = gemmPeak();
        Timing ours;
        long planBytes;
        Optional<OpProfile> ops = Optional.empty();
        tell("building and warming up");
        try (CompiledVit vit = new CompiledVit(work, providers)) {
            Rounds rounds = runs == null
                    ? new Rounds(WARM_UP, RUNS, SECONDS, Double.POSITIVE_INFINITY)
                    : new Rounds(WARM_UP, runs, 0, Double.POSITIVE_INFINITY);
            List<Double> seconds = rounds.measure(vit::run, () -> {}, line -> tell("dino4j: " + line));
            ours = new Timing(seconds, LinuxMemory.peakResident());
            planBytes = vit.bytes();
            if (profile) {
                ops = Optional.of(OpProfile.of(vit, PROFILED));
            }
        }
        double peak = Math.max(peakBefore, gemmPeak());
        Optional<Timing> stock = Optional.empty();
        Optional<String> failure = Optional.empty();
        if (against.contains(Rival.STOCK)) {
            tell("stock SameDiff: starting its own process");
            try {
                stock = Optional.of(StockProcess.measure(preset, work));
            } catch (StockFailure e) {
                failure = Optional.of(e.getMessage());
            }
        }
        return new Result(
                preset,
                work,
                new Result.Setting(commandLine(), providers.get(0).name(), threads(), load, Versions.of(providers)),
                peak > 0 ? OptionalDouble.of(peak) : OptionalDouble.empty(),
                planBytes,
                ours,
                stock,
                failure,
                ops);
    }

    /** GFLOP/s; 0 where oneDNN does not load. */
    private static double gemmPeak() {
        try {
            return GemmPeak.measure();
        } catch (LinkageError e) {
            return 0;
        }
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

    private void tell(String line) {
        PrintWriter err = spec.commandLine().getErr();
        err.println(line);
        err.flush();
    }
}
