package io.dino4j.examples.cli;

import io.dino4j.data.source.ImageSource;
import io.dino4j.examples.option.KernelsOption;
import io.dino4j.train.KnnProbe;
import io.dino4j.train.Pretrainer;
import io.dino4j.train.Progress;
import io.dino4j.train.RunDirectory;
import io.dino4j.train.StepObserver;
import io.dino4j.train.Training;
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
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What the commands that train have in common: their configuration, images, folder, and what Ctrl-C does. */
abstract class TrainingCommand implements Callable<Integer> {
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

    @Mixin
    private KernelsOption kernels;

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

    /** The preset of a run that names none. */
    abstract String defaultPreset(boolean ownImages);

    /** Keys that come before {@code --config} and {@code --set}, such as sizes that a file of weights has. */
    abstract List<String> sizes(boolean goesOn, boolean presetIsNamed);

    /** Keys that the command's own options set. */
    abstract List<String> keys(boolean goesOn);

    /**
     * Has the last word on a configuration.
     *
     * @param layers to set more keys in
     * @param resolved what they come to so far
     * @param notes lines for the user
     */
    abstract RunConfig complete(
            ConfigLayers layers, RunConfig resolved, int images, boolean goesOn, List<String> notes);

    /** What is to be done. */
    abstract Training training(Pretrainer.Request request, Progress progress, StepObserver observer);

    @Override
    public final Integer call() throws Exception {
        if (resume && out == null) {
            throw new ConfigException("--resume needs --out, the folder of the run to go on with");
        }
        Path folder = out == null ? freshFolder() : out;
        boolean goesOn = resume && RunDirectory.holdsRun(folder);
        ConfigLayers layers = layers(folder, goesOn);
        TrainingImages set = TrainingImages.of(layers.resolve().train().datasetPath());
        int count = set.source().size();
        List<String> notes = new ArrayList<>();
        RunConfig resolved = complete(layers, layers.resolve(count), count, goesOn, notes);
        Optional<KnnProbe> probe = set.probe(resolved, Optional.ofNullable(val));
        try (RunDirectory directory = RunDirectory.open(folder, resume);
                ConsoleProgress progress = new ConsoleProgress(System.err)) {
            notes.forEach(progress::say);
            Pretrainer.Request request =
                    new Pretrainer.Request(resolved, set.source(), probe, directory, command(), kernels.list());
            return serve == null ? train(request, progress, StepObserver.NONE) : trainAndServe(request, progress);
        }
    }

    private int trainAndServe(Pretrainer.Request request, ConsoleProgress console) throws Exception {
        ImageSource shown = request.probe().map(KnnProbe::test).orElse(request.images());
        LiveFeed feed = LiveFeed.of(console, request.images(), shown);
        try (LivePage page = LivePage.of(request.directory().path(), serve, feed)) {
            console.say("live page: " + page.address());
            return train(request, feed.progress(), feed.observer());
        }
    }

    private String command() {
        String line =
                "dino4j " + String.join(" ", spec.commandLine().getParseResult().originalArgs());
        String named = "dino4j " + spec.name();
        return line.startsWith(named) ? line : line.replaceFirst("dino4j", named);
    }

    private int train(Pretrainer.Request request, Progress progress, StepObserver observer) throws Exception {
        RunConfig c = request.config();
        Training training = training(request, progress, observer);
        progress.say("%d images, %d steps of %d, to %s"
                .formatted(
                        request.images().size(),
                        c.stepsBefore(c.phaseCount()),
                        c.train().imagesPerStep(),
                        request.directory().path()));
        if (request.probe().isEmpty()) {
            progress.say("no classes are known (a folder for each class, or --val), so k-NN accuracy is not measured");
        }
        CountDownLatch over = new CountDownLatch(1);
        Thread interrupt = new Thread(() -> finishStep(training, over), "dino4j-interrupt");
        Runtime.getRuntime().addShutdownHook(interrupt);
        try {
            Pretrainer.Outcome outcome = training.run();
            if (outcome.skippedImages() > 0) {
                progress.say("unreadable files left out: " + outcome.skippedImages());
            }
            if (outcome.finished()) {
                progress.say("report: " + request.directory().reportFile());
                return 0;
            }
            progress.say("stopped after step %d; go on with --out %s --resume"
                    .formatted(outcome.steps(), request.directory().path()));
            return INTERRUPTED;
        } finally {
            over.countDown();
            removeHook(interrupt);
        }
    }

    /** On Ctrl-C: lets the step end and its checkpoint be written before the process goes. */
    private static void finishStep(Training training, CountDownLatch over) {
        training.stop();
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
        return preset != null ? preset : defaultPreset(images != null);
    }

    private ConfigLayers layers(Path folder, boolean goesOn) {
        ConfigLayers layers = ConfigLayers.defaults();
        if (goesOn) {
            layers = layers.file(folder.resolve("config.yaml"));
        } else if (preset != null || config == null) {
            layers = layers.preset(presetName());
        }
        layers = layers.overrides(sizes(goesOn, preset != null || config != null));
        if (config != null) {
            layers = layers.file(config);
        }
        if (epochs != null) {
            // a run that is gone on with keeps its warm-ups: they are over, or part of what made it
            layers = goesOn ? layers.overrides(List.of("optim.epochs=" + epochs)) : layers.epochs(epochs);
        }
        List<String> keys = new ArrayList<>();
        if (images != null) {
            keys.add(pathKey("train.dataset_path", images.toAbsolutePath().normalize()));
        } else if (!goesOn) {
            keys.add("train.dataset_path=" + TrainingImages.BUILT_IN);
        }
        keys.add(pathKey("train.output_dir", folder));
        addKey(keys, "train.batch_size_per_gpu", batch);
        addKey(keys, "train.seed", seed);
        keys.addAll(keys(goesOn));
        keys.addAll(settings);
        return layers.overrides(keys);
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
