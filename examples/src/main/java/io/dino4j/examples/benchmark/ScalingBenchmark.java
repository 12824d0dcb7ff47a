package io.dino4j.examples.benchmark;

import io.dino4j.data.Progress;
import io.dino4j.graph.exec.Providers;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.scaling.Cluster;
import io.dino4j.train.scaling.Machine;
import io.dino4j.train.scaling.ScalingStudy;
import io.dino4j.train.scaling.Workload;
import io.dino4j.train.scaling.measure.MachineMeasurement;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What many workers would gain, by simulation. */
@Command(
        name = "scaling",
        description =
                "Simulate training with many workers and parameter servers: speed-up, traffic, memory, and where it bends.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j benchmark scaling",
            "  ./dino4j benchmark scaling --presets vitl14 --network 100 --gflops 60000 --details --out scaling.html",
            "  ./dino4j benchmark scaling --workers 1,4,16 --servers 4 --images-per-step 1024 --json > scaling.json",
            "  ./dino4j benchmark scaling --measure --out-constants machine.json --presets vits14",
            "  ./dino4j benchmark scaling --constants machine.json --network 25",
            "",
            "A simulation of discrete events sends the messages of a run between simulated machines. Efficiency is",
            "against one process without servers. Each worker has the images of the preset unless --images-per-step divides a step.",
            "--constants takes a JSON object of some or all of the numbers that --json shows under 'machine'. --measure takes them from",
            "this machine: processor time of threads that send, sum and update, so that other work on it matters little. The speed of a",
            "step is that of ViT-S/14 on one core; --gflops gives that of other workers, which is then not measured."
        })
final class ScalingBenchmark implements Callable<Integer> {
    private static final int MOST_WORKERS = 4096;
    private static final String THRESHOLD = "threshold:";

    @Option(
            names = "--presets",
            split = ",",
            paramLabel = "NAME",
            defaultValue = "vits14,vitb14,vitl14,vitg14",
            description = "Presets or configuration files; default ${DEFAULT-VALUE}.")
    private List<String> presets;

    @Option(
            names = "--workers",
            split = ",",
            paramLabel = "W",
            defaultValue = "1,2,8,64,512",
            description = "Numbers of workers; default ${DEFAULT-VALUE}.")
    private List<Integer> workers;

    @Option(
            names = "--servers",
            paramLabel = "S",
            description =
                    "Servers; default half as many as workers, rounded up: with one for each worker no server's card is narrower than a worker's, and half of them come near to it.")
    private Integer servers;

    @Option(
            names = "--network",
            split = ",",
            paramLabel = "GBIT",
            defaultValue = "1,10,100",
            description = "Gbit/s of a network card; default ${DEFAULT-VALUE}.")
    private List<Double> networks;

    @Option(
            names = "--gradients",
            split = ",",
            paramLabel = "FORM",
            defaultValue = "f32,bf16",
            description =
                    "How gradients travel: f32, bf16, or threshold:SHARE with the share of them that is sent; default ${DEFAULT-VALUE}.")
    private List<String> gradients;

    @Option(
            names = "--gflops",
            paramLabel = "N",
            description = "GFLOP/s that a worker reaches in a step; default that of one core here.")
    private Double gflops;

    @Option(
            names = "--spread",
            paramLabel = "SIGMA",
            description = "Standard deviation of the logarithm of compute times: how unlike workers are.")
    private Double spread;

    @Option(
            names = "--images-per-step",
            paramLabel = "N",
            description = "Images of a step, shared by all workers; sizes that cannot share them equally are left out.")
    private Integer images;

    @Option(
            names = "--beside-workers",
            description = "Servers run on the machines of workers, not on machines of their own.")
    private boolean beside;

    @Option(names = "--constants", paramLabel = "FILE", description = "JSON of what machines can do.")
    private Path constants;

    @Option(
            names = "--measure",
            description =
                    "Measure what a core of this machine can do, and simulate with that; network and spread are given.")
    private boolean measure;

    @Option(
            names = "--out-constants",
            paramLabel = "FILE",
            description = "Write what is simulated with, as --constants reads it.")
    private Path outConstants;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "8",
            description = "Steps of each simulation at most; default ${DEFAULT-VALUE}.")
    private int steps;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "0", description = "Seed of the compute times.")
    private long seed;

    @Option(names = "--details", description = "Print every simulated cluster.")
    private boolean details;

    @Option(names = "--out", paramLabel = "FILE", description = "Write a page with charts (HTML).")
    private Path out;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        requireSizes();
        gradients.forEach(ScalingBenchmark::bytes);
        Machine machine = machine();
        if (outConstants != null) {
            new ConstantsFile(outConstants).write(machine);
        }
        IntUnaryOperator rule = servers == null ? ScalingStudy::halfOf : w -> servers;
        List<ScalingTable.Line> lines = new ArrayList<>();
        for (String preset : presets) {
            spec.commandLine().getErr().println("simulating " + preset + " ...");
            Workload work = Workload.of(name(preset), layers(preset).resolve());
            for (double network : networks) {
                ScalingStudy study = new ScalingStudy(machine.withNetwork(network), rule, beside, steps, seed);
                for (String form : gradients) {
                    lines.add(new ScalingTable.Line(work, network, form, curve(study, work, bytes(form))));
                }
            }
        }
        ScalingTable table = new ScalingTable(machine, sizes(), lines);
        PrintWriter to = spec.commandLine().getOut();
        if (json) {
            to.println(table.json());
        } else {
            table.print(to, details);
        }
        to.flush();
        if (out != null) {
            table.page().write(out);
        }
        return 0;
    }

    private void requireSizes() {
        if (workers.isEmpty() || workers.stream().anyMatch(w -> w < 1 || w > MOST_WORKERS)) {
            throw new IllegalArgumentException("--workers must be 1 to %d, got %s".formatted(MOST_WORKERS, workers));
        }
        if (servers != null && (servers < 1 || servers > MOST_WORKERS)) {
            throw new IllegalArgumentException("--servers must be 1 to %d, got %d".formatted(MOST_WORKERS, servers));
        }
        if (images != null && images < 1) {
            throw new IllegalArgumentException("--images-per-step must be 1 or more, got " + images);
        }
    }

    private int[] sizes() {
        return workers.stream().mapToInt(Integer::intValue).sorted().distinct().toArray();
    }

    /** Those asked for, and those between them, to find where it bends. */
    private int[] simulated() {
        int[] sizes = sizes();
        return IntStream.concat(IntStream.of(sizes), IntStream.of(ScalingStudy.doubling(sizes[sizes.length - 1])))
                .sorted()
                .distinct()
                .toArray();
    }

    private ScalingStudy.Curve curve(ScalingStudy study, Workload work, double gradientBytes) {
        return images == null
                ? study.curve(work, simulated(), gradientBytes)
                : study.strongCurve(work, images, simulated(), gradientBytes);
    }

    private static ConfigLayers layers(String preset) {
        ConfigLayers defaults = ConfigLayers.defaults();
        return ConfigLayers.presets().contains(preset) ? defaults.preset(preset) : defaults.file(Path.of(preset));
    }

    private static String name(String preset) {
        return Path.of(preset).getFileName().toString();
    }

    private static double bytes(String form) {
        if (form.startsWith(THRESHOLD)) {
            try {
                return Cluster.F32 * Double.parseDouble(form.substring(THRESHOLD.length()));
            } catch (NumberFormatException e) {
                // said below
            }
        }
        return switch (form) {
            case "f32" -> Cluster.F32;
            case "bf16" -> Cluster.BF16;
            default -> throw new IllegalArgumentException(
                    "--gradients is %s; allowed: f32, bf16, threshold:0.01 or another share of all gradients"
                            .formatted(form));
        };
    }

    /** The usual constants or those of this machine, then what a file says, then what options say. */
    private Machine machine() throws IOException, InterruptedException {
        Machine machine = measure ? measured() : Machine.MEASURED;
        machine = constants == null ? machine : new ConstantsFile(constants).read(machine);
        machine = gflops == null ? machine : machine.withFlops(gflops * 1e9);
        return spread == null ? machine : machine.withSpread(spread);
    }

    private Machine measured() throws IOException, InterruptedException {
        Progress progress = new ProgressLines(spec.commandLine().getErr());
        Machine usual = Machine.MEASURED;
        if (gflops == null) {
            usual = usual.withFlops(CoreSpeed.ofSmallStep().flopsPerSecond(Providers.forThisMachine(), progress));
        }
        return MachineMeasurement.of(usual, MachineMeasurement.Extent.FULL, MachineMeasurement.ownAddress(), progress);
    }
}
