package io.dino4j.examples.benchmark;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dino4j.data.image.EvalTransform;
import io.dino4j.data.source.ImageSource;
import io.dino4j.data.source.ImageSources;
import io.dino4j.data.source.ImageSubset;
import io.dino4j.examples.option.KernelsOption;
import io.dino4j.graph.Precision;
import io.dino4j.zoo.Dinov2;
import io.dino4j.zoo.FeatureKind;
import io.dino4j.zoo.feature.Extraction;
import io.dino4j.zoo.feature.Extraction.Times;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.nd4j.linalg.api.ndarray.INDArray;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** From files on disk to features, against the network alone. */
@Command(
        name = "extract",
        description = "Images/s from files on disk to features, against the network alone on images in memory.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j benchmark extract --preset vits14 --images photos/",
            "",
            "Weights are random: speed does not depend on them. Both are measured in turn, several times, in one process; the ratio",
            "is the median of the rounds'. Features are handed on and not written."
        })
final class ExtractBenchmark implements Callable<Integer> {
    @Option(
            names = "--preset",
            paramLabel = "NAME",
            defaultValue = "vits14",
            description = "Backbone: nano, tiny, vits14, vitb14, vitl14 or vitg14; default ${DEFAULT-VALUE}.")
    private String preset;

    @Option(
            names = "--images",
            required = true,
            paramLabel = "PATH",
            description = "Folder of images, tar or Parquet files, or a manifest.")
    private Path images;

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "8",
            description = "Images in a pass; default ${DEFAULT-VALUE}.")
    private int batch;

    @Option(
            names = "--size",
            paramLabel = "PX",
            defaultValue = "224",
            description = "Side of the input; default ${DEFAULT-VALUE}.")
    private int size;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "5",
            description = "Measured rounds; default ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(
            names = "--count",
            paramLabel = "N",
            defaultValue = "160",
            description = "Images of a round, the first ones; default ${DEFAULT-VALUE}.")
    private int count;

    @Option(names = "--threads", paramLabel = "N", description = "Threads that decode; default one for each processor.")
    private Integer threads;

    @Option(names = "--precision", paramLabel = "TYPE", defaultValue = "f32", description = "f32 or bf16.")
    private Precision precision;

    @Mixin
    private KernelsOption kernels;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    /** Images/s of both, and where the time of the files went. */
    private record Round(double network, double files, Times times) {
        double ratio() {
            return files / network;
        }
    }

    @Override
    public Integer call() throws IOException {
        if (rounds < 1 || count < batch || batch < 1) {
            throw new IllegalArgumentException(
                    "--rounds and --batch must be at least 1, and --count at least --batch; got %d, %d and %d"
                            .formatted(rounds, batch, count));
        }
        ImageSource folder = ImageSources.open(images.toString(), this::tell);
        int used = Math.min(count, folder.size()) / batch * batch; // whole batches: the network is measured on such
        if (used == 0) {
            throw new IllegalArgumentException(
                    "%s holds %d images, fewer than a batch of %d".formatted(images, folder.size(), batch));
        }
        int[] first = new int[used];
        for (int i = 0; i < used; i++) {
            first[i] = i;
        }
        ImageSource source = new ImageSubset(folder, first);
        Workload work = Workload.of(preset, batch, size, false);
        Dinov2.Options how = Dinov2.Options.defaults().in(precision).on(kernels.list());
        List<Round> measured = new ArrayList<>();
        try (Dinov2 model = Dinov2.of(work.vit(), work.parameters().views(""), how)
                .with(EvalTransform.of(work.vit().imageSize()))) {
            Extraction extraction = new Extraction(
                    model,
                    source,
                    source::name,
                    FeatureKind.cls(),
                    batch,
                    threads == null ? Runtime.getRuntime().availableProcessors() : threads);
            INDArray inMemory = work.images();
            tell("warming up");
            round(model, extraction, inMemory);
            for (int i = 0; i < rounds; i++) {
                measured.add(round(model, extraction, inMemory));
                tell("round %d of %d: %.2f of the network alone"
                        .formatted(i + 1, rounds, measured.get(i).ratio()));
            }
        }
        print(work, used, measured);
        return 0;
    }

    private Round round(Dinov2 model, Extraction extraction, INDArray inMemory) {
        int passes = extraction.images().size() / batch;
        long start = System.nanoTime();
        for (int i = 0; i < passes; i++) {
            model.features(List.of(inMemory), FeatureKind.cls());
        }
        double network = passes * batch / ((System.nanoTime() - start) / 1e9);
        Times times = extraction.measure();
        if (!times.unreadable().isEmpty()) {
            throw new IllegalArgumentException(times.unreadable().get(0) + "; measure on images that can be read");
        }
        return new Round(network, times.images() / times.seconds(), times);
    }

    private void print(Workload work, int used, List<Round> measured) {
        PrintWriter out = spec.commandLine().getOut();
        double network = median(measured.stream().map(Round::network).toList());
        double files = median(measured.stream().map(Round::files).toList());
        double ratio = median(measured.stream().map(Round::ratio).toList());
        double waiting = median(measured.stream()
                .map(r -> r.times().waiting() / r.times().seconds())
                .toList());
        double decode = median(measured.stream()
                .map(r -> 1e3 * r.times().decoding() / r.times().images())
                .toList());
        double resize = median(measured.stream()
                .map(r -> 1e3 * r.times().resizing() / r.times().images())
                .toList());
        if (json) {
            ObjectNode node = new ObjectMapper().createObjectNode();
            node.put("preset", preset);
            node.put("batch", batch);
            node.put("size", work.vit().imageSize());
            node.put("precision", precision.name().toLowerCase(Locale.ROOT));
            node.put("images", used);
            node.put("images_per_second", files);
            node.put("images_per_second_network", network);
            node.put("ratio", ratio);
            node.put("waiting_for_images", waiting);
            node.put("decode_ms", decode);
            node.put("resize_ms", resize);
            out.println(node);
        } else {
            out.println("%s, batch %d, %d x %d, %s, %d images, median of %d rounds"
                    .formatted(
                            preset,
                            batch,
                            size,
                            size,
                            precision.name().toLowerCase(Locale.ROOT),
                            used,
                            measured.size()));
            out.println("from files      %7.2f images/s".formatted(files));
            out.println("network alone   %7.2f images/s".formatted(network));
            out.println("ratio           %7.2f".formatted(ratio));
            out.println(
                    "the network waited for images %.1f%% of the time; an image took %.1f ms to decode, %.1f ms to resize"
                            .formatted(100 * waiting, decode, resize));
        }
        out.flush();
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int n = sorted.size();
        return (sorted.get((n - 1) / 2) + sorted.get(n / 2)) / 2;
    }

    private void tell(String line) {
        spec.commandLine().getErr().println(line);
        spec.commandLine().getErr().flush();
    }
}
