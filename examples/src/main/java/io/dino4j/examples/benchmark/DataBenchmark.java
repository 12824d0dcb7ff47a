package io.dino4j.examples.benchmark;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dino4j.data.Seed;
import io.dino4j.data.crop.BatchLoader;
import io.dino4j.data.crop.MultiCropConfig;
import io.dino4j.data.image.Canvas;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageDecoder;
import io.dino4j.data.image.Transform;
import io.dino4j.data.source.ImageFolder;
import io.dino4j.data.source.ImageSource;
import io.dino4j.data.source.ImageSources;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** From files on disk to training batches. */
@Command(
        name = "data",
        description = "Images/s from files on disk to training batches of the full recipe, and where the time goes.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j benchmark data --images photos/",
            "  ./dino4j benchmark data --images photos/ --against torchvision",
            "",
            "2 global crops of 224 and 8 local ones of 98 pixels of each image. Every image is read once in a round, so nothing",
            "comes from the cache of decoded images. Against torchvision both have one thread and take turns; medians of the rounds."
        })
final class DataBenchmark implements Callable<Integer> {
    private static final long SEED = 0;
    private static final int PATCH = 14;

    @Option(
            names = "--images",
            required = true,
            paramLabel = "PATH",
            description = "Folder of images, tar or Parquet files, or a manifest.")
    private String images;

    @Option(
            names = "--threads",
            paramLabel = "N",
            defaultValue = "1",
            description = "Threads; default ${DEFAULT-VALUE}.")
    private int threads;

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "16",
            description = "Images of a batch; default ${DEFAULT-VALUE}.")
    private int batch;

    @Option(
            names = "--count",
            paramLabel = "N",
            defaultValue = "320",
            description = "Images of a round; default ${DEFAULT-VALUE}.")
    private int count;

    @Option(names = "--rounds", paramLabel = "N", defaultValue = "5", description = "Rounds; default ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(
            names = "--against",
            paramLabel = "PEER",
            description = "torchvision: measured in turn, if it is installed.")
    private String against;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    private final MultiCropConfig crops = MultiCropConfig.dinov2(PATCH);

    @Override
    public Integer call() throws IOException {
        if (threads < 1 || batch < 1 || rounds < 1 || count < batch) {
            throw new IllegalArgumentException(
                    "--threads, --batch and --rounds must be 1 or more, and --count at least --batch");
        }
        if (against != null && !(against.equals("torchvision") && threads == 1)) {
            throw new IllegalArgumentException("--against takes torchvision, with --threads 1; got " + against);
        }
        ImageSource source = ImageSources.open(images, this::tell);
        int used = Math.min(count, source.size()) / batch * batch;
        if (used == 0) {
            throw new IllegalArgumentException(
                    "%s holds %d images, fewer than a batch of %d".formatted(images, source.size(), batch));
        }
        List<Double> ours = new ArrayList<>();
        List<Double> theirs = new ArrayList<>();
        String versions = "";
        rate(source, used); // until the compiler is done
        try (Torchvision peer = against == null ? null : torchvision(source)) {
            for (int round = 0; round < rounds; round++) {
                ours.add(rate(source, used));
                if (peer != null) {
                    theirs.add(peer.rate(round * used, used));
                    versions = peer.versions();
                }
            }
        }
        stages(source, used); // until the compiler is done with the steps one by one
        report(ours, theirs, versions, stages(source, used));
        return 0;
    }

    private void tell(String line) {
        spec.commandLine().getErr().println(line);
    }

    private Torchvision torchvision(ImageSource source) throws IOException {
        if (!(source instanceof ImageFolder)) {
            throw new IllegalArgumentException("--against torchvision reads folders of image files only");
        }
        Path folder = Path.of(images);
        List<String> names = IntStream.range(0, source.size())
                .mapToObj(i -> folder.relativize(Path.of(source.name(i))).toString())
                .toList();
        return new Torchvision(folder, names, crops);
    }

    /** Images/s of one round over the first images of an epoch. */
    private double rate(ImageSource source, int used) {
        long start = System.nanoTime();
        try (BatchLoader loader = BatchLoader.open(source, crops, batch, SEED, 0, threads, 1, this::tell)) {
            for (int done = 0; done < used; done += batch) {
                loader.next().close(); // handed on and forgotten
            }
            return used / ((System.nanoTime() - start) / 1e9);
        }
    }

    /** Milliseconds of an image in each stage, on one thread; the steps of the recipe are those of the loader, one by one. */
    private Map<String, Double> stages(ImageSource source, int used) throws IOException {
        List<Map<String, Transform>> views = views();
        Canvas canvas = new Canvas();
        int side = Math.max(crops.globalSize(), crops.localSize());
        FloatBuffer row = ByteBuffer.allocateDirect(4 * 3 * side * side)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
        Map<String, Double> stages = new LinkedHashMap<>();
        for (int i = 0; i < used; i++) {
            long start = System.nanoTime();
            byte[] file = source.encoded(i);
            start = took(stages, "read", start, used);
            Image image = ImageDecoder.decode(file, source.name(i), crops.reduction());
            start = took(stages, "decode", start, used);
            RandomGenerator rng = new Seed(SEED).at(0, i);
            for (Map<String, Transform> view : views) {
                canvas.show(image);
                for (Map.Entry<String, Transform> step : view.entrySet()) {
                    step.getValue().apply(canvas, rng);
                    start = took(stages, step.getKey(), start, used);
                }
                canvas.write(crops.normalization(), row.clear());
                start = took(stages, "normalise and write", start, used);
            }
        }
        return stages;
    }

    /** Adds the time since {@code start} to a stage; returns the present. */
    private static long took(Map<String, Double> stages, String name, long start, int used) {
        long now = System.nanoTime();
        stages.merge(name, (now - start) / 1e6 / used, Double::sum);
        return now;
    }

    /** The steps of each view of an image, by name. */
    private List<Map<String, Transform>> views() {
        List<Map<String, Transform>> views = new ArrayList<>();
        views.add(crops.firstGlobal().steps(crops.globalSize(), crops.globalScale()));
        views.add(crops.secondGlobal().steps(crops.globalSize(), crops.globalScale()));
        for (int i = 0; i < crops.localCrops(); i++) {
            views.add(crops.local().steps(crops.localSize(), crops.localScale()));
        }
        return views;
    }

    private void report(List<Double> ours, List<Double> theirs, String versions, Map<String, Double> stages) {
        PrintWriter out = spec.commandLine().getOut();
        double rate = median(ours);
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < theirs.size(); i++) {
            ratios.add(ours.get(i) / theirs.get(i));
        }
        if (json) {
            ObjectNode node = new ObjectMapper().createObjectNode();
            node.put("threads", threads);
            node.put("images_per_second", rate);
            node.put("images_per_second_per_thread", rate / threads);
            node.set("milliseconds", new ObjectMapper().valueToTree(stages));
            if (!ratios.isEmpty()) {
                node.put("torchvision", versions);
                node.put("images_per_second_torchvision", median(theirs));
                node.put("ratio", median(ratios));
            }
            out.println(node);
        } else {
            out.println("%.1f images/s on %d threads, %.1f each".formatted(rate, threads, rate / threads));
            stages.forEach((name, ms) -> out.println("  %-26s %6.2f ms an image".formatted(name, ms)));
            if (!ratios.isEmpty()) {
                out.println("torchvision (torch, torchvision, Pillow %s): %.1f images/s; dino4j is %.2f times as fast"
                        .formatted(versions, median(theirs), median(ratios)));
            }
        }
        out.flush();
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        return sorted.get(sorted.size() / 2);
    }
}
