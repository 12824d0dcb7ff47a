package io.dino4j.examples.cli;

import io.dino4j.data.source.ImageFolder;
import io.dino4j.data.source.ImageSource;
import io.dino4j.data.source.ImageSubset;
import io.dino4j.data.source.RenderedShapes;
import io.dino4j.graph.exec.Providers;
import io.dino4j.train.KnnProbe;
import io.dino4j.train.Pretrainer;
import io.dino4j.train.Progress;
import io.dino4j.train.Recipe;
import io.dino4j.train.RunDirectory;
import io.dino4j.train.StepObserver;
import io.dino4j.train.config.ConfigException;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.config.RunConfig;
import io.dino4j.train.live.LiveFeed;
import io.dino4j.train.live.LivePage;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Pre-trains a backbone on a folder of images, or on the built-in set. */
@Command(
        name = "pretrain",
        description = "Pre-train a backbone on a folder of images; without --images on a small built-in set.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j pretrain",
            "  ./dino4j pretrain --images photos/ --preset nano --epochs 20 --out runs/photos",
            "  ./dino4j pretrain --out runs/photos --epochs 40 --resume",
            "  ./dino4j pretrain --serve",
            "  ./dino4j pretrain --images photos/ --config vitl14.yaml --set train.batch_size_per_gpu=16"
        })
final class PretrainCommand implements Callable<Integer> {
    /** {@code train.dataset_path} of the built-in set. */
    private static final String BUILT_IN = "builtin:shapes";

    private static final String DEFAULT_PRESET = "nano";
    private static final String BUILT_IN_PRESET = "shapes";

    /** Of a labelled folder, one image in this many is held out to be classified, up to a limit. */
    private static final int HELD_OUT_SHARE = 6;

    private static final int MAX_HELD_OUT = 1000;
    private static final int MAX_BANK = 5000;

    private static final int INTERRUPTED = 130;

    @Option(
            names = "--images",
            paramLabel = "DIR",
            description = "Folder of JPEG and PNG files, searched with its sub-folders.")
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

    @Option(names = "--batch", paramLabel = "N", description = "Images in a step (train.batch_size_per_gpu).")
    private Integer batch;

    @Option(names = "--seed", paramLabel = "N", description = "Root of all randomness (train.seed).")
    private Long seed;

    @Option(
            names = "--val",
            paramLabel = "DIR",
            description =
                    "Labelled images, a folder for each class, to measure k-NN accuracy on; without it, if --images has a folder for each class, some of its images are held out of the k-NN bank.")
    private Path val;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Folder for weights, metrics and report; default runs/<preset>-<time>.")
    private Path out;

    @Option(names = "--resume", description = "Go on with the run in --out, with its own configuration.")
    private boolean resume;

    @Option(
            names = "--kernels",
            paramLabel = "NAME",
            description = "onednn or portable; default the fastest that runs here.")
    private Providers kernels;

    @Option(
            names = "--serve",
            arity = "0..1",
            fallbackValue = "" + LivePage.DEFAULT_PORT,
            paramLabel = "PORT",
            description =
                    "Show the run in the browser while it goes: a page for this machine only; port ${FALLBACK-VALUE} unless given, 0 for any free one.")
    private Integer serve;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        if (resume && out == null) {
            throw new ConfigException("--resume needs --out, the folder of the run to go on with");
        }
        Path folder = out == null ? freshFolder() : out;
        boolean going = resume && RunDirectory.holdsRun(folder);
        ConfigLayers layers = layers(folder, going);
        ImageSource source = source(layers.resolve().train().datasetPath());
        RunConfig resolved = layers.resolve(source.size());
        Optional<KnnProbe> probe = probe(resolved, source);
        try (RunDirectory directory = RunDirectory.open(folder, resume);
                ConsoleProgress progress = new ConsoleProgress(System.err)) {
            return serve == null
                    ? train(resolved, source, probe, directory, progress, StepObserver.NONE)
                    : trainAndServe(resolved, source, probe, directory, progress);
        }
    }

    private int trainAndServe(
            RunConfig resolved,
            ImageSource source,
            Optional<KnnProbe> probe,
            RunDirectory directory,
            ConsoleProgress console)
            throws Exception {
        LiveFeed feed = LiveFeed.of(console, source, probe.map(KnnProbe::test).orElse(source));
        try (LivePage page = LivePage.of(directory.path(), serve, feed)) {
            console.say("live page: " + page.address());
            return train(resolved, source, probe, directory, feed.progress(), feed.observer());
        }
    }

    private int train(
            RunConfig resolved,
            ImageSource source,
            Optional<KnnProbe> probe,
            RunDirectory directory,
            Progress progress,
            StepObserver observer)
            throws Exception {
        String command =
                "dino4j " + String.join(" ", spec.commandLine().getParseResult().originalArgs());
        Pretrainer pretrainer = new Pretrainer(
                new Pretrainer.Request(
                        resolved,
                        source,
                        probe,
                        directory,
                        command.startsWith("dino4j pretrain")
                                ? command
                                : command.replaceFirst("dino4j", "dino4j pretrain"),
                        kernels == null ? Providers.forThisMachine() : kernels.list()),
                progress,
                observer);
        progress.say("%d images, %d steps of %d, to %s"
                .formatted(
                        source.size(),
                        resolved.stepsBefore(resolved.phaseCount()),
                        resolved.train().imagesPerStep(),
                        directory.path()));
        if (probe.isEmpty()) {
            progress.say("no classes are known (a folder for each class, or --val), so k-NN accuracy is not measured");
        }
        CountDownLatch over = new CountDownLatch(1);
        Thread interrupt = new Thread(() -> finishStep(pretrainer, over), "dino4j-interrupt");
        Runtime.getRuntime().addShutdownHook(interrupt);
        try {
            Pretrainer.Outcome outcome = pretrainer.run();
            if (outcome.skippedImages() > 0) {
                progress.say("unreadable files left out: " + outcome.skippedImages());
            }
            if (outcome.finished()) {
                progress.say("report: " + directory.reportFile());
                return 0;
            }
            progress.say(
                    "stopped after step %d; go on with --out %s --resume".formatted(outcome.steps(), directory.path()));
            return INTERRUPTED;
        } finally {
            over.countDown();
            removeHook(interrupt);
        }
    }

    /** On Ctrl-C: lets the step end and its checkpoint be written before the process goes. */
    private static void finishStep(Pretrainer pretrainer, CountDownLatch over) {
        pretrainer.stop();
        try {
            over.await(1, TimeUnit.MINUTES);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void removeHook(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // the hook is running: the process is going down
        }
    }

    private Path freshFolder() {
        String time = LocalDateTime.now().format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss"));
        return Path.of("runs", presetName() + "-" + time);
    }

    private String presetName() {
        return preset != null ? preset : images == null ? BUILT_IN_PRESET : DEFAULT_PRESET;
    }

    private ConfigLayers layers(Path folder, boolean going) {
        ConfigLayers layers = ConfigLayers.defaults();
        if (going) {
            layers = layers.file(folder.resolve("config.yaml"));
        } else if (preset != null || config == null) {
            layers = layers.preset(presetName());
        }
        if (config != null) {
            layers = layers.file(config);
        }
        if (epochs != null) {
            // a run that is gone on with keeps its warm-ups: they are over, or part of what made it
            layers = going ? layers.overrides(List.of("optim.epochs=" + epochs)) : layers.epochs(epochs);
        }
        List<String> keys = new ArrayList<>();
        if (images != null) {
            keys.add("train.dataset_path='"
                    + images.toAbsolutePath().normalize().toString().replace("'", "''") + "'");
        } else if (!going) {
            keys.add("train.dataset_path=" + BUILT_IN);
        }
        keys.add("train.output_dir='" + folder.toString().replace("'", "''") + "'");
        addKey(keys, "train.batch_size_per_gpu", batch);
        addKey(keys, "train.seed", seed);
        keys.addAll(settings);
        return layers.overrides(keys);
    }

    private static void addKey(List<String> keys, String name, Object value) {
        if (value != null) {
            keys.add(name + "=" + value);
        }
    }

    private static ImageSource source(String dataset) {
        return dataset.equals(BUILT_IN) ? RenderedShapes.train(0) : new ImageFolder(Path.of(dataset));
    }

    private Optional<KnnProbe> probe(RunConfig c, ImageSource source) {
        int threads = Runtime.getRuntime().availableProcessors();
        if (val != null) {
            return Optional.of(
                    new KnnProbe(first(source, MAX_BANK), new ImageFolder(val), Recipe.evaluation(c), threads));
        }
        if (c.train().datasetPath().equals(BUILT_IN)) {
            return Optional.of(new KnnProbe(source, RenderedShapes.test(0), Recipe.evaluation(c), threads));
        }
        if (source.classes().size() < 2) {
            return Optional.empty();
        }
        int[] labelled = IntStream.range(0, source.size())
                .filter(i -> source.label(i) >= 0)
                .toArray();
        int[] held = every(labelled, HELD_OUT_SHARE, true, MAX_HELD_OUT);
        int[] bank = every(labelled, HELD_OUT_SHARE, false, MAX_BANK);
        if (held.length == 0 || bank.length == 0) {
            return Optional.empty();
        }
        return Optional.of(new KnnProbe(
                new ImageSubset(source, bank), new ImageSubset(source, held), Recipe.evaluation(c), threads));
    }

    /** One index in {@code share} of the list, or all but those; spread evenly if they are more than the limit. */
    private static int[] every(int[] indices, int share, boolean chosen, int limit) {
        int[] picked = IntStream.range(0, indices.length)
                .filter(i -> (i % share == 0) == chosen)
                .map(i -> indices[i])
                .toArray();
        return spread(picked, limit);
    }

    private static ImageSource first(ImageSource source, int limit) {
        return source.size() <= limit
                ? source
                : new ImageSubset(
                        source, spread(IntStream.range(0, source.size()).toArray(), limit));
    }

    private static int[] spread(int[] indices, int limit) {
        return indices.length <= limit
                ? indices
                : IntStream.range(0, limit)
                        .map(i -> indices[(int) ((long) i * indices.length / limit)])
                        .toArray();
    }
}
