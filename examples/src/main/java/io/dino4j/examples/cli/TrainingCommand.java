package io.dino4j.examples.cli;

import io.dino4j.data.Progress;
import io.dino4j.data.source.ImageSource;
import io.dino4j.examples.option.KernelsOption;
import io.dino4j.graph.exec.Backend;
import io.dino4j.train.KnnProbe;
import io.dino4j.train.Pretrainer;
import io.dino4j.train.RunDirectory;
import io.dino4j.train.StepObserver;
import io.dino4j.train.Training;
import io.dino4j.train.cluster.wire.Wire;
import io.dino4j.train.config.ConfigException;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.config.RunConfig;
import io.dino4j.train.live.LiveFeed;
import io.dino4j.train.live.LivePage;
import java.io.IOException;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What the commands that train have in common: their configuration, images, folder, and what Ctrl-C does. */
abstract class TrainingCommand implements Callable<Integer> {
    private static final int INTERRUPTED = 130;

    /** Before the names of all workers. */
    private static final String CHIEF = "chief";

    @Mixin
    private RunOptions options;

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
            names = "--devices",
            paramLabel = "N",
            description =
                    "Share every step among N groups of processors of this machine, each with a replica of the model: as many images in a step as without, N ranks (train.world_size) unless the configuration has a multiple of N.")
    private int devices = 1;

    @Option(
            names = "--cluster",
            paramLabel = "PLACE:SxW",
            description =
                    "Train with S parameter servers and W workers; who dies is started again. local:SxW: all processes of this machine. spark:SxW: tasks of a Spark application, see docs/spark.md.")
    private String clusterForm;

    @Option(
            names = "--snapshot-steps",
            paramLabel = "N",
            description = "Of the servers of --cluster local: steps between snapshots; default 50.")
    private Long snapshotSteps;

    @Mixin
    private ClusterMixin cluster;

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
        Optional<ClusterForm> form = Optional.ofNullable(clusterForm).map(ClusterForm::parse);
        boolean onSpark = form.isPresent() && form.get().place() == ClusterForm.Place.SPARK;
        Path named = out == null ? freshFolder() : out;
        Path folder = onSpark ? named.toAbsolutePath().normalize() : named;
        boolean goesOn = resume && RunDirectory.holdsRun(folder);
        ConfigLayers layers = layers(folder, goesOn);
        TrainingImages set = TrainingImages.of(layers.resolve().train().datasetPath());
        int count = set.source().size();
        List<String> notes = new ArrayList<>();
        requireProcessors();
        RunConfig resolved = complete(layers, layers.resolve(count), count, goesOn, notes);
        if (form.isPresent()) {
            requireNoOtherPlace();
            return onSpark
                    ? trainOnSpark(form.get(), resolved, folder, notes)
                    : train(new LocalCluster(form.get().servers(), form.get().workers()), resolved, folder);
        }
        Optional<KnnProbe> probe = set.probe(resolved, options.val());
        try (RunDirectory directory = RunDirectory.open(folder, resume);
                ConsoleProgress progress = new ConsoleProgress(System.err)) {
            notes.forEach(progress::say);
            if (cluster.isOn()) {
                return trainAsChief(resolved, set, probe, directory, progress);
            }
            Pretrainer.Request request = new Pretrainer.Request(
                            resolved, set.source(), probe, directory, command(), kernels.list())
                    .onDevices(devices);
            return serve == null ? train(request, progress, StepObserver.NONE) : trainAndServe(request, progress);
        }
    }

    private int train(LocalCluster processes, RunConfig config, Path folder) throws Exception {
        List<String> chief = new ArrayList<>();
        List<String> given = spec.commandLine().getParseResult().originalArgs();
        for (int i = 0; i < given.size(); i++) {
            String arg = given.get(i);
            if (arg.equals("--cluster") || arg.equals("--snapshot-steps")) {
                i++;
            } else if (!arg.startsWith("--cluster=") && !arg.startsWith("--snapshot-steps=")) {
                chief.add(arg);
            }
        }
        if (!chief.contains(spec.name())) {
            chief.add(0, spec.name());
        }
        if (out == null) {
            chief.addAll(List.of("--out", folder.toString()));
        }
        List<String> ofServers = new ArrayList<>(List.of("--max-staleness", Integer.toString(cluster.staleness())));
        if (snapshotSteps != null) {
            ofServers.addAll(List.of("--snapshot-steps", snapshotSteps.toString()));
        }
        return processes.run(config, folder, chief, cluster.shared(), ofServers, System.err::println);
    }

    private void requireNoOtherPlace() {
        if (devices > 1 || cluster.isOn()) {
            throw new ConfigException("--cluster starts servers and workers itself; leave --devices and --servers out");
        }
    }

    private int trainOnSpark(ClusterForm form, RunConfig config, Path folder, List<String> notes) throws IOException {
        if (serve != null) {
            throw new ConfigException("--serve shows a run of this process; one on Spark: ./dino4j watch " + folder);
        }
        TrainingCluster spark = TrainingCluster.here()
                .orElseThrow(() -> new ConfigException(
                        "--cluster is %s, but this is no Spark application: give the command to spark-submit, see docs/spark.md"
                                .formatted(clusterForm)));
        RunDirectory.open(folder, resume).close(); // what is wrong with it is said before anything is started
        ClusterRun run = ClusterRun.of(form, config, folder, options.val(), alike(), cluster.staleness());
        try (ConsoleProgress progress = new ConsoleProgress(System.err)) {
            notes.forEach(progress::say);
            return spark.train(run, progress);
        }
    }

    /** What all workers must be told alike. */
    private List<String> alike() {
        List<String> alike = new ArrayList<>(cluster.shared());
        CommandLine.ParseResult given = spec.commandLine().getParseResult();
        if (given.hasMatchedOption("--kernels")) {
            alike.add("--kernels="
                    + given.matchedOption("--kernels").originalStringValues().get(0));
        }
        return alike;
    }

    private int trainAsChief(
            RunConfig resolved,
            TrainingImages set,
            Optional<KnnProbe> probe,
            RunDirectory directory,
            ConsoleProgress progress)
            throws Exception {
        try (Wire transport = cluster.wire(progress::say)) {
            Pretrainer.Request request = new Pretrainer.Request(
                            resolved, set.source(), probe, directory, command(), kernels.list())
                    .onCluster(
                            CHIEF,
                            cluster.dialer(transport, CHIEF),
                            cluster.options(true, resolved.train().worldSize()),
                            progress::say);
            return serve == null ? train(request, progress, StepObserver.NONE) : trainAndServe(request, progress);
        }
    }

    private void requireProcessors() {
        Backend backend = Backend.loaded();
        if (devices < 1 || devices > backend.devices()) {
            throw new ConfigException("--devices is %d; this machine has %s for 1 to %d"
                    .formatted(devices, backend.hasCards() ? "cards" : "processors", backend.devices()));
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
        Thread interrupt = new Thread(() -> await(training::stop, over), "dino4j-interrupt");
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
    static void await(Runnable stop, CountDownLatch over) {
        stop.run();
        try {
            over.await(1, TimeUnit.MINUTES);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Takes a hook back, unless it runs. */
    static void removeHook(Thread hook) {
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
        return options.preset(defaultPreset(options.hasImages()));
    }

    private ConfigLayers layers(Path folder, boolean goesOn) {
        List<String> keys = new ArrayList<>(keys(goesOn));
        keys.add(0, RunOptions.pathKey("train.output_dir", folder));
        List<String> sizes = sizes(goesOn, options.isNamed());
        return goesOn
                ? options.goOn(folder.resolve("config.yaml"), sizes, keys)
                : options.begin(defaultPreset(options.hasImages()), sizes, keys);
    }
}
