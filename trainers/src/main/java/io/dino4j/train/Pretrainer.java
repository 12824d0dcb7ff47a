package io.dino4j.train;

import io.dino4j.data.Progress;
import io.dino4j.data.source.ImageSource;
import io.dino4j.graph.exec.Sessions;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.train.checkpoint.Checkpoint;
import io.dino4j.train.checkpoint.CheckpointStore;
import io.dino4j.train.cluster.worker.FrameChannel;
import io.dino4j.train.cluster.worker.LostStateException;
import io.dino4j.train.cluster.worker.ParameterClient;
import io.dino4j.train.cluster.worker.RegroupException;
import io.dino4j.train.config.ConfigException;
import io.dino4j.train.config.RunConfig;
import io.dino4j.train.sentinel.TroubleException;
import io.dino4j.zoo.FeatureExtractor;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Self-supervised pre-training from a configuration and images to weights and a report (official {@code train/train.py}). A run that is
 * interrupted at any moment goes on from its last checkpoint to the same weights as an undisturbed one.
 */
public final class Pretrainer implements Training {
    /** Checkpoints kept (official {@code max_to_keep}). */
    private static final int KEEP = 3;

    private final Request request;
    private final Progress progress;
    private final StepObserver observer;
    private volatile boolean stopping;

    /**
     * What to train.
     *
     * @param config the resolved configuration
     * @param images images to learn from
     * @param probe labelled images to measure k-NN accuracy with; empty to leave that out
     * @param directory folder of the run; a run in it is gone on with
     * @param command how the program was started, for the record
     * @param providers who computes the ops, the first that can
     * @param topology who works it out
     */
    public record Request(
            RunConfig config,
            ImageSource images,
            Optional<KnnProbe> probe,
            RunDirectory directory,
            String command,
            List<KernelProvider> providers,
            Topology topology) {
        /** A run on one device of this process. */
        public Request(
                RunConfig config,
                ImageSource images,
                Optional<KnnProbe> probe,
                RunDirectory directory,
                String command,
                List<KernelProvider> providers) {
            this(config, images, probe, directory, command, providers, Topology.local(1));
        }

        /**
         * The same on several devices of this process.
         *
         * @param devices must divide {@code train.world_size}
         */
        public Request onDevices(int devices) {
            return new Request(config, images, probe, directory, command, providers, Topology.local(devices));
        }

        /**
         * The same as one of several processes: the one that records the run.
         *
         * @param name unique in the run, and before all others in the order of names
         * @param dialer opens the way to a server
         * @param options how it takes part; it is the chief
         * @param say lines for people
         * @throws IOException if the folder of the run cannot be written
         */
        public Request onCluster(String name, FrameChannel.Dialer dialer, ClusterOptions options, Consumer<String> say)
                throws IOException {
            ParameterClient client = new ParameterClient(name, dialer, say);
            Topology topology = new ClusterTopology(client, options, images.size(), directory.id());
            return new Request(config, images, probe, directory, command, providers, topology);
        }
    }

    /**
     * What came of it.
     *
     * @param steps steps done in all
     * @param finished false if the run was asked to stop before its end
     * @param skippedImages files that could not be read
     */
    public record Outcome(long steps, boolean finished, int skippedImages) {}

    /** A run that has not begun. */
    public Pretrainer(Request request, Progress progress) {
        this(request, progress, StepObserver.NONE);
    }

    /** A run that has not begun, and whose pictures somebody looks at. */
    public Pretrainer(Request request, Progress progress, StepObserver observer) {
        this.request = request;
        this.progress = progress;
        this.observer = observer;
    }

    @Override
    public void stop() {
        stopping = true;
    }

    @Override
    public Outcome run() throws IOException {
        RunConfig config = divided();
        boolean goesOn = RunDirectory.holdsRun(request.directory().path());
        Map<String, String> versions = begin(FrozenTeacher.of(config, request.directory()));
        CheckpointStore checkpoints = CheckpointStore.open(request.directory().checkpoints(), KEEP);
        RollbackHistory rollbacks = RollbackHistory.open(request.directory().rollbacksFile());
        Recovery recovery = new Recovery(config.sentinel(), checkpoints, rollbacks, progress);
        int skipped = 0;
        while (true) {
            Optional<Checkpoint> newest = checkpoints.latest();
            Phase phase = Phase.after(config, newest);
            if (goesOn) {
                request.directory().describe(request.config(), request.command(), versions); // it fits what is done
            }
            try {
                Outcome outcome = run(phase, newest, checkpoints, rollbacks, versions);
                skipped += outcome.skippedImages();
                if (!outcome.finished() || phase.isLast() || stopping) {
                    request.topology().leave();
                    return new Outcome(outcome.steps(), outcome.finished() && phase.isLast(), skipped);
                }
            } catch (TroubleException trouble) {
                recovery.answer(trouble); // on return the newest checkpoint is the one to go on from
            } catch (RegroupException | LostStateException e) {
                progress.end();
                progress.say(e.getMessage());
            }
        }
    }

    /**
     * Checks what can be checked before anything is written, and records a run that is new.
     *
     * @param teacher of a distillation
     * @return versions of program and machine
     */
    Map<String, String> begin(Optional<FrozenTeacher> teacher) {
        RunConfig config = divided();
        for (int i = 0; i < config.phaseCount(); i++) {
            requireEnoughImages(config.phase(i), request.images());
            RunConfig of = config.phase(i);
            request.topology().check(of);
            Recipe.step(of, teacher.map(FrozenTeacher::network), Ranks.all(of));
        }
        Sessions.install(request.providers());
        Map<String, String> versions = Versions.of(request.providers());
        if (!RunDirectory.holdsRun(request.directory().path())) {
            Start.check(config);
            request.directory().describe(request.config(), request.command(), versions);
        }
        return versions;
    }

    /**
     * As it is shared now. What is recorded is the configuration before that: a run may go on with other workers, and by the same command
     * as it was begun with.
     */
    private RunConfig divided() {
        return request.topology().divided(request.config(), request.images().size());
    }

    /** Runs a phase to its end, which leaves a checkpoint. */
    private Outcome run(
            Phase phase,
            Optional<Checkpoint> newest,
            CheckpointStore checkpoints,
            RollbackHistory rollbacks,
            Map<String, String> versions)
            throws IOException {
        Request now = phase.request(request);
        RunConfig config = phase.config();
        request.topology().describe(rollbacks.dataSeed(config.train().seed()), rollbacks.lrFactor());
        try (Trainer trainer = new Trainer(
                        phase, FrozenTeacher.of(config, request.directory()), request.providers(), request.topology());
                FeatureExtractor teacher = new FeatureExtractor(
                        Recipe.backbone(config),
                        trainer.model().average().views(SslConfig.BACKBONE),
                        Optional.empty(),
                        Recipe.precision(config.train().precision()),
                        request.providers())) {
            long start = Start.of(phase, newest).apply(trainer, progress);
            trainer.slowDown(rollbacks.lrFactor());
            Evaluations evaluations = new Evaluations(now, teacher, progress);
            Course course =
                    new Course(now, phase, trainer, evaluations, checkpoints, rollbacks, versions, progress, observer);
            long step = course.run(start, () -> stopping);
            boolean finished = step >= phase.end();
            if (finished) {
                trainer.meanwhile(() -> evaluations.after(step));
            }
            if (finished && phase.isLast()) {
                evaluations.report(versions, rollbacks.lines());
            }
            return new Outcome(step, finished, course.skippedCount());
        }
    }

    static void requireEnoughImages(RunConfig config, ImageSource source) {
        int batch = config.train().batchSizePerGpu();
        int images = source.size();
        if (images < batch) {
            throw new ConfigException("train.batch_size_per_gpu is %d, but there are only %d images; add images%s"
                    .formatted(batch, images, images < 2 ? "" : " or set it to %d or less".formatted(images)));
        }
    }
}
