package io.dino4j.examples.cli;

import io.dino4j.data.Progress;
import io.dino4j.data.curation.copy.CopyEmbedding;
import io.dino4j.data.source.ImageSource;
import io.dino4j.data.source.ImageSources;
import io.dino4j.data.vector.VectorType;
import io.dino4j.examples.option.KernelsOption;
import io.dino4j.graph.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Vectors of images, for the other stages of curation. */
@Command(
        name = "embed",
        description = "Embed images: a folder with their vectors and what is known of each of them.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j curate embed --images pool/ --weights dinov2_vits14 --out pool.emb",
            "  ./dino4j curate embed --images pool/ --copies --out pool.copies            to remove near-duplicates",
            "  ./dino4j curate embed --images benchmark/ --like pool.copies --out benchmark.copies",
            "  ./dino4j curate embed --images 'shards/*.tar' --weights runs/photos --type float16 --out pool.emb",
            "",
            "After an interruption the same command goes on where it stopped. Images that cannot be read are named",
            "and left out."
        })
final class CurateEmbedCommand implements Callable<Integer> {
    @Option(
            names = "--images",
            required = true,
            paramLabel = "PATH",
            description = "Folder of images, tar shards, Parquet files with images, or a manifest.")
    private String images;

    @ArgGroup(multiplicity = "1")
    private By by;

    private static final class By {
        @Option(
                names = "--weights",
                paramLabel = "PATH",
                description =
                        "By a network: a .pth or .safetensors file, a run, a folder of the Hugging Face hub, or a released model.")
        private Path weights;

        @Option(
                names = "--copies",
                description =
                        "By what does not change in altered copies, learnt from these images: for 'curate dedup'.")
        private boolean copies;

        @Option(
                names = "--like",
                paramLabel = "DIR",
                description = "As these were embedded with --copies, to be compared with them.")
        private Path like;
    }

    @Option(
            names = "--type",
            paramLabel = "TYPE",
            defaultValue = "float32",
            description = "How vectors are kept: float32, float16 or int8; default ${DEFAULT-VALUE}.")
    private VectorType type;

    @Option(
            names = "--size",
            paramLabel = "PX",
            description =
                    "Side of the network's input, a multiple of the patch size; default 224, or the backbone's own if smaller.")
    private Integer size;

    @Option(
            names = "--batch",
            paramLabel = "N",
            description = "Images in a pass, up to 256; default about 2,000 tokens, 8 images of 224 pixels.")
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
    private int threads = Runtime.getRuntime().availableProcessors();

    @Mixin
    private WeightOptions options;

    @Mixin
    private KernelsOption kernels;

    @Mixin
    private StageOptions stage;

    @Override
    public Integer call() throws IOException {
        return stage.run(this::embed, done -> {
            Object unreadable = done.values().get("unreadable");
            return "%d images in %s%s"
                    .formatted(
                            done.out(),
                            stage.out(),
                            unreadable.equals(0)
                                    ? ""
                                    : "; %s could not be read, see unreadable.txt there".formatted(unreadable));
        });
    }

    private void embed(Progress progress) throws IOException {
        ImageSource source = ImageSources.open(images, progress::say);
        if (by.weights != null) {
            new NetworkEmbedding(
                            by.weights, options, kernels.list(), precision, optional(size), optional(batch), threads)
                    .embed(source, images, stage.out(), type, stage.force(), progress);
        } else {
            new CopyEmbedding(source, images, Optional.ofNullable(by.like), threads, 0)
                    .run(stage.out(), type, stage.force(), progress);
        }
    }

    private static OptionalInt optional(Integer value) {
        return value == null ? OptionalInt.empty() : OptionalInt.of(value);
    }
}
