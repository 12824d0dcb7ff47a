package io.dino4j.examples.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dino4j.data.file.Sha256;
import io.dino4j.data.image.EvalTransform;
import io.dino4j.data.image.KeepAspect;
import io.dino4j.data.image.Normalization;
import io.dino4j.data.image.Preprocessing;
import io.dino4j.data.source.ImageSource;
import io.dino4j.data.source.ImageSources;
import io.dino4j.examples.option.KernelsOption;
import io.dino4j.graph.Precision;
import io.dino4j.zoo.Dinov2;
import io.dino4j.zoo.FeatureKind;
import io.dino4j.zoo.FeatureKind.Pooling;
import io.dino4j.zoo.feature.Extraction;
import io.dino4j.zoo.feature.FeatureStore;
import io.dino4j.zoo.weights.WeightFiles;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Features of a folder of images, in a file. */
@Command(
        name = "extract",
        description = "Write the features of all images of a set to a Parquet, NumPy or safetensors file.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j extract --weights dinov2_vits14_pretrain.pth --images photos/ --out features.parquet",
            "  ./dino4j extract --weights runs/photos --images photos/ --out features.npy --features cls+mean",
            "  ./dino4j extract --weights dinov2_vits14 --images photos/ --out grid.parquet --features patches",
            "",
            "A name such as dinov2_vits14_reg4 stands for the released file, which is downloaded once.",
            "After an interruption the same command goes on where it stopped. Images that cannot be read are named",
            "and left out."
        })
final class ExtractCommand implements Callable<Integer> {
    /** Long sides beyond this many times the short one are cut down: memory has an end. */
    private static final int LONGEST = 4;

    @Option(
            names = "--weights",
            required = true,
            paramLabel = "PATH",
            description = "A .pth or .safetensors file, a run, a folder of the Hugging Face hub, or a released model.")
    private Path weights;

    @Option(names = "--images", required = true, paramLabel = "PATH", description = Images.ACCEPTED)
    private Path images;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "FILE",
            description = "Ends in .parquet, .npy or .safetensors; the latter two get their paths in FILE.csv.")
    private Path out;

    @Option(
            names = "--features",
            paramLabel = "KIND",
            defaultValue = "cls",
            description = "cls, mean (of patches), cls+mean, or patches (the grid); default ${DEFAULT-VALUE}.")
    private String features;

    @Option(
            names = "--layers",
            paramLabel = "N",
            defaultValue = "1",
            description = "Features of the last N blocks, side by side; default ${DEFAULT-VALUE}.")
    private int layers;

    @Option(
            names = "--size",
            paramLabel = "PX",
            description =
                    "Side of the network's input, a multiple of the patch size; default 224, or the backbone's own if smaller.")
    private Integer size;

    @Option(
            names = "--resize",
            paramLabel = "PX",
            description = "Short side before the centre crop; default in the proportion 256 to 224.")
    private Integer resize;

    @Option(
            names = "--keep-aspect",
            description = "Whole images in their own shape, the short side at --size, instead of a centre crop.")
    private boolean keepAspect;

    @Option(
            names = "--batch",
            paramLabel = "N",
            description = "Images in a pass; default about 2,000 tokens, 8 images of 224 pixels.")
    private Integer batch;

    @Option(
            names = "--precision",
            paramLabel = "TYPE",
            defaultValue = "f32",
            description = "f32, or bf16: faster where the processor has the instructions; default ${DEFAULT-VALUE}.")
    private Precision precision;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads that decode images beside the network; default one for each processor.")
    private Integer threads;

    @Option(
            names = "--part-images",
            paramLabel = "N",
            defaultValue = "4096",
            description =
                    "Images after which what is done is safe from an interruption, if 30 seconds are not over before; default ${DEFAULT-VALUE}.")
    private int partImages;

    @Option(names = "--restart", description = "Forget what an interrupted run with other settings has done.")
    private boolean restart;

    @Option(names = "--force", description = "Replace the file if it exists.")
    private boolean force;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Mixin
    private WeightOptions options;

    @Mixin
    private KernelsOption kernels;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        FeatureKind kind = new FeatureKind(pooling(), atLeastOne("--layers", layers));
        if (precision == Precision.F64) {
            throw new IllegalArgumentException("--precision must be f32 or bf16, got f64");
        }
        ImageSource folder = Images.open(images);
        IntFunction<String> paths = ImageSources.relativeNames(images.toString(), folder);
        Path file = WeightOptions.find(weights);
        Dinov2.Options how = options.on(kernels.list()).in(precision);
        try (ConsoleProgress progress = new ConsoleProgress(System.err);
                Dinov2 loaded = Dinov2.load(file, how);
                Dinov2 model = loaded.with(preprocessing(loaded))) {
            int tokens = tokens(model);
            Extraction extraction = new Extraction(
                    model,
                    folder,
                    paths,
                    kind,
                    batch == null ? Extraction.usualBatch(tokens) : atLeastOne("--batch", batch),
                    threads == null ? Runtime.getRuntime().availableProcessors() : atLeastOne("--threads", threads),
                    atLeastOne("--part-images", partImages));
            requireOneGrid(kind);
            try (FeatureStore store =
                    FeatureStore.open(out, extraction.layout(), settings(file, model, folder, paths), restart, force)) {
                long before = store.position();
                if (before > 0) {
                    progress.say("going on after %d of %d images".formatted(before, folder.size()));
                }
                Extraction.Times times = extraction.run(store, progress);
                report(store.rows(), times);
            }
        }
        return 0;
    }

    private Pooling pooling() {
        String word = features.toUpperCase(Locale.ROOT).replace('+', '_');
        for (Pooling p : Pooling.values()) {
            if (p.name().equals(word) && p != Pooling.TOKENS) { // no file format here has a row for the cls token
                return p;
            }
        }
        throw new IllegalArgumentException(
                "--features must be cls, mean, cls+mean or patches, got '%s'".formatted(features));
    }

    private static int atLeastOne(String option, int value) {
        if (value < 1) {
            throw new IllegalArgumentException("%s must be 1 or more, got %d".formatted(option, value));
        }
        return value;
    }

    private Preprocessing preprocessing(Dinov2 model) {
        int patch = model.config().patchSize();
        EvalTransform usual = (EvalTransform) model.preprocessing();
        int side = size == null ? usual.crop() : size;
        if (side < patch || side % patch != 0) {
            throw new IllegalArgumentException(
                    "--size must be a multiple of %d, the patch size, got %d".formatted(patch, side));
        }
        if (keepAspect) {
            if (resize != null) {
                throw new IllegalArgumentException(
                        "--resize belongs to the centre crop, which --keep-aspect leaves out");
            }
            return new KeepAspect(side, LONGEST * side, patch, Normalization.imagenet());
        }
        EvalTransform own = size == null ? usual : EvalTransform.of(side);
        return resize == null ? own : new EvalTransform(resize, side, own.normalization());
    }

    /** Of an image of the usual shape. */
    private static int tokens(Dinov2 model) {
        int side = model.preprocessing() instanceof EvalTransform e
                ? e.crop()
                : ((KeepAspect) model.preprocessing()).shortSide();
        return model.config().numTokens(side, side);
    }

    private void requireOneGrid(FeatureKind kind) {
        boolean parquet = out.toString().toLowerCase(Locale.ROOT).endsWith(".parquet");
        if (keepAspect && kind.pooling() == Pooling.PATCHES && !parquet) {
            throw new IllegalArgumentException(
                    "%s: grids of different sizes fit into a .parquet file only; leave out --keep-aspect, or name one"
                            .formatted(out));
        }
    }

    /** What must be equal to go on with an interrupted run. */
    private Map<String, String> settings(Path file, Dinov2 model, ImageSource folder, IntFunction<String> paths)
            throws IOException {
        Map<String, String> s = new LinkedHashMap<>();
        s.put("weights", weights.toString());
        s.put("weights_sha256", Sha256.of(WeightFiles.find(file, options.role())));
        s.put("features", features.toLowerCase(Locale.ROOT));
        s.put("layers", Integer.toString(layers));
        s.put("preprocessing", model.preprocessing().toString());
        s.put("precision", precision.name().toLowerCase(Locale.ROOT));
        s.put("images", images.toString());
        s.put("images_listed", Integer.toString(folder.size()));
        s.put("images_sha256", Sha256.ofLines(IntStream.range(0, folder.size()).mapToObj(paths)));
        return s;
    }

    private void report(long rows, Extraction.Times times) {
        PrintWriter to = spec.commandLine().getOut();
        double rate = times.images() / times.seconds();
        if (json) {
            ObjectNode node = new ObjectMapper().createObjectNode();
            node.put("out", out.toString());
            node.put("rows", rows);
            node.set("unreadable", new ObjectMapper().valueToTree(times.unreadable()));
            node.put("seconds", times.seconds());
            node.put("images_per_second", rate);
            to.println(node);
        } else {
            to.println("%d images in %s, %.1f images/s%s"
                    .formatted(
                            rows,
                            out,
                            rate,
                            times.unreadable().isEmpty()
                                    ? ""
                                    : "; %d could not be read"
                                            .formatted(times.unreadable().size())));
        }
        to.flush();
    }
}
