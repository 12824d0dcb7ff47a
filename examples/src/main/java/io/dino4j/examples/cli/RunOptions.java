package io.dino4j.examples.cli;

import io.dino4j.train.config.ConfigException;
import io.dino4j.train.config.ConfigLayers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The options that say what a run is: its configuration and its images. */
final class RunOptions {
    @Option(names = "--images", paramLabel = "PATH", description = Images.ACCEPTED)
    private Path images;

    @Option(
            names = "--preset",
            paramLabel = "NAME",
            description = "Start from a preset: nano, tiny, vits14, vitb14, vitl14, vitg14, vitl16_short.")
    private String preset;

    @Option(names = "--config", paramLabel = "FILE", description = "YAML with DINOv2's own keys, over the preset.")
    private Path config;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Set one key, such as optim.base_lr=1e-3; may be repeated.")
    private List<String> settings = new ArrayList<>();

    @Option(
            names = "--epochs",
            paramLabel = "N",
            description = "Length of the run (optim.epochs); warm-ups made for a longer run are shortened.")
    private Integer epochs;

    private static final String BATCH = "train.batch_size_per_gpu";

    @Option(
            names = "--batch",
            paramLabel = "N",
            description = "Images in a step, or in a micro-batch (train.batch_size_per_gpu times train.world_size).")
    private Integer batch;

    @Option(names = "--seed", paramLabel = "N", description = "Root of all randomness (train.seed).")
    private Long seed;

    @Option(
            names = "--val",
            paramLabel = "PATH",
            description =
                    "Labelled images, such as a folder for each class, to measure k-NN accuracy on; without it, if --images has classes, some of its images are held out of the k-NN bank.")
    private Path val;

    /** Labelled images to classify. */
    Optional<Path> val() {
        return Optional.ofNullable(val);
    }

    /** True if the user names images. */
    boolean hasImages() {
        return images != null;
    }

    /** True if the user names a preset or a file to start from. */
    boolean isNamed() {
        return preset != null || config != null;
    }

    /** The preset that the user names, else {@code usual}. */
    String preset(String usual) {
        return preset == null ? usual : preset;
    }

    /**
     * The configuration of a new run.
     *
     * @param usual the preset if the user names neither one nor a file
     * @param sizes keys over the preset, under {@code --config}
     * @param keys keys over all but {@code --set}
     */
    ConfigLayers begin(String usual, List<String> sizes, List<String> keys) {
        ConfigLayers layers = ConfigLayers.defaults();
        if (preset != null || config == null) {
            layers = layers.preset(preset(usual));
        }
        layers = withFile(layers, sizes);
        if (epochs != null) {
            layers = layers.epochs(epochs);
        }
        return withBatch(
                layers.overrides(overrides(Optional.of("train.dataset_path=" + TrainingImages.BUILT_IN), keys)));
    }

    /**
     * The configuration of a run that is gone on with. It keeps its images unless the user names others, and its warm-ups: they are over,
     * or part of what made it.
     *
     * @param own its own configuration
     */
    ConfigLayers goOn(Path own, List<String> sizes, List<String> keys) {
        ConfigLayers layers = withFile(ConfigLayers.defaults().file(own), sizes);
        if (epochs != null) {
            layers = layers.overrides(List.of("optim.epochs=" + epochs));
        }
        return withBatch(layers.overrides(overrides(Optional.empty(), keys)));
    }

    private ConfigLayers withFile(ConfigLayers layers, List<String> sizes) {
        ConfigLayers sized = layers.overrides(sizes);
        return config == null ? sized : sized.file(config);
    }

    /** The images of a step are shared by its ranks. */
    private ConfigLayers withBatch(ConfigLayers layers) {
        if (batch == null || settings.stream().anyMatch(s -> s.startsWith(BATCH + "="))) {
            return layers;
        }
        int ranks = layers.resolve().train().worldSize();
        if (batch % ranks != 0) {
            throw new ConfigException("--batch is %d, which the %d ranks of train.world_size cannot share equally"
                    .formatted(batch, ranks));
        }
        return layers.overrides(List.of(BATCH + "=" + batch / ranks));
    }

    private List<String> overrides(Optional<String> usualImages, List<String> more) {
        List<String> keys = new ArrayList<>();
        if (images != null) {
            keys.add(pathKey("train.dataset_path", images.toAbsolutePath().normalize()));
        } else {
            usualImages.ifPresent(keys::add);
        }
        addKey(keys, "train.seed", seed);
        keys.addAll(more);
        keys.addAll(settings);
        return keys;
    }

    private static void addKey(List<String> keys, String name, Object value) {
        if (value != null) {
            keys.add(name + "=" + value);
        }
    }

    /** A key whose value is a path, quoted. */
    static String pathKey(String name, Path path) {
        return name + "='" + path.toString().replace("'", "''") + "'";
    }
}
