package io.dino4j.train;

import io.dino4j.data.Progress;
import io.dino4j.data.source.ImageSource;
import io.dino4j.data.source.ImageSubset;
import io.dino4j.graph.Precision;
import io.dino4j.graph.exec.Sessions;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.train.config.RunConfig;
import io.dino4j.train.metrics.LinuxMemory;
import io.dino4j.zoo.FeatureExtractor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Says before a run what it will need: from its graphs alone, which takes seconds and no memory to speak of, and from a few real steps of
 * every phase with the real loader beside them, of which the time and the peak of the memory are measured.
 */
public final class RunEstimator {
    /** The kind of memory that is not ours to count: the Java heap, libraries, code that oneDNN makes. */
    public static final String REST = "Java and libraries";

    /** The kind of memory that the optimiser's moments take. */
    public static final String MOMENTS = "moments";

    /** What {@link #REST} comes to, as far as it is not resident already: heap that batches and evaluations fill. */
    private static final long REST_GROWTH = 192L << 20;

    /** Factor of the learning rate: many steps with the same schedules must not lead anywhere. */
    private static final double STANDSTILL = 1e-6;

    private static final int WARM_UP_STEPS = 3;
    private static final int STEPS = 5;

    /** Images of an evaluation that are really classified, and that are looked among. */
    private static final int PROBED = 64;

    private static final int BANK = 192;

    private final RunConfig config;
    private final ImageSource images;
    private final Optional<KnnProbe> probe;
    private final List<KernelProvider> providers;
    private final Effort effort;

    /**
     * How long to measure.
     *
     * @param warmUp seconds of steps that do not count, at least
     * @param steps seconds of steps that do, at least
     * @param evaluation evaluations of less seconds are run to the end
     */
    record Effort(double warmUp, double steps, double evaluation) {
        static final Effort USUAL = new Effort(4, 12, 60);
    }

    /**
     * A run that is not to begin yet.
     *
     * @param config the resolved configuration
     * @param images images to learn from, or drawn ones in their place
     * @param probe labelled images that k-NN accuracy will be measured with; empty if it will not
     * @param providers who computes the ops, the first that can
     */
    public RunEstimator(
            RunConfig config, ImageSource images, Optional<KnnProbe> probe, List<KernelProvider> providers) {
        this(config, images, probe, providers, Effort.USUAL);
    }

    RunEstimator(
            RunConfig config,
            ImageSource images,
            Optional<KnnProbe> probe,
            List<KernelProvider> providers,
            Effort effort) {
        this.effort = effort;
        this.config = config;
        this.images = images;
        this.probe = probe;
        this.providers = List.copyOf(providers);
    }

    /**
     * Everything but time, without running anything; scratch memory and {@link #REST} are upper bounds.
     *
     * @throws io.dino4j.train.config.ConfigException if the configuration asks for what cannot be built, or for more images than there are
     */
    public RunEstimate fromGraphs() {
        ParameterLayout layout = Recipe.step(config).student().layout();
        long backbone = layout.entries().stream()
                .filter(e -> e.name().startsWith(SslConfig.BACKBONE))
                .mapToLong(ParameterLayout.Entry::length)
                .sum();
        List<RunEstimate.Phase> phases = new ArrayList<>();
        for (int i = 0; i < config.phaseCount(); i++) {
            phases.add(fromGraphs(Phase.of(config, i)));
        }
        return new RunEstimate(backbone, layout.length() - backbone, phases);
    }

    private RunEstimate.Phase fromGraphs(Phase phase) {
        Pretrainer.requireEnoughImages(phase.config(), images);
        return ofGraphs(phase, probe);
    }

    /**
     * The first phase of a run as its graphs have it, whatever images there are; nothing is evaluated.
     *
     * @throws io.dino4j.train.config.ConfigException if the configuration asks for what cannot be built
     */
    public static RunEstimate.Phase ofGraphs(RunConfig config) {
        return ofGraphs(Phase.of(config, 0), Optional.empty());
    }

    private static RunEstimate.Phase ofGraphs(Phase phase, Optional<KnnProbe> probe) {
        RunConfig c = phase.config();
        SslConfig step = Recipe.step(c);
        Precision precision = Recipe.precision(c.train().precision());
        StepSize size = StepSize.of(step, precision, c.train().recomputeBlocks());
        long vector = step.student().layout().length() * Float.BYTES;
        boolean single = step.microBatches() == 1;
        Map<String, Long> bytes = new LinkedHashMap<>();
        bytes.put("weights: student", vector);
        bytes.put("weights: average", vector);
        step.frozenTeacher()
                .ifPresent(t -> bytes.put("weights: frozen teacher", t.layout().length() * Float.BYTES));
        bytes.put("gradients", (single ? 1 : 2) * vector);
        bytes.put(MOMENTS, 2 * vector);
        bytes.put("intermediate: student", size.student());
        bytes.put("intermediate: teacher", size.teacher());
        bytes.put("targets", Exchange.bytes(step));
        bytes.put("scratch", size.scratch());
        bytes.put("batches ahead", StepBatches.bytes(c));
        probe.ifPresent(p -> bytes.put("evaluation", KnnProbe.bytes(Recipe.backbone(c), precision, p)));
        bytes.put(REST, LinuxMemory.resident().orElse(0) + REST_GROWTH);
        return new RunEstimate.Phase(
                phase.task(),
                c.totalSteps(),
                c.train().imagesPerStep(),
                size.cost().flops(),
                new MemoryNeed(bytes),
                Optional.empty());
    }

    /**
     * The same with what really happened in a few steps of every phase: time, and the peak of the memory with what lies between it and
     * the known kinds as {@link #REST}.
     *
     * @param estimate of {@link #fromGraphs}
     */
    public RunEstimate measured(RunEstimate estimate, Progress progress) {
        Sessions.install(providers);
        List<RunEstimate.Phase> phases = new ArrayList<>();
        for (int i = 0; i < config.phaseCount(); i++) {
            phases.add(measured(Phase.of(config, i), estimate.phases().get(i), progress));
        }
        return new RunEstimate(estimate.backboneParameters(), estimate.headParameters(), phases);
    }

    private RunEstimate.Phase measured(Phase phase, RunEstimate.Phase known, Progress progress) {
        RunConfig c = phase.config();
        double perStep;
        double evaluations;
        MemoryNeed memory = known.memory();
        try (Trainer trainer = new Trainer(phase, Optional.empty(), providers, Topology.local(1));
                FeatureExtractor teacher = new FeatureExtractor(
                        Recipe.backbone(c),
                        trainer.model().average().views(SslConfig.BACKBONE),
                        Optional.empty(),
                        Recipe.precision(c.train().precision()),
                        providers)) {
            evaluations = evaluationSeconds(phase, teacher, progress); // comes first in a run, too
            long planned = memory.bytes().get("intermediate: student")
                    + memory.bytes().get("intermediate: teacher")
                    + memory.bytes().get("targets");
            memory = memory.with("scratch", Math.max(0, trainer.model().planBytes() - planned));
            perStep = stepSeconds(phase, trainer, progress);
        }
        long peak = LinuxMemory.peakResident().orElse(0);
        long counted = memory.with(REST, 0).total();
        return new RunEstimate.Phase(
                known.title(),
                known.steps(),
                known.imagesPerStep(),
                known.flopsPerStep(),
                peak == 0 ? memory : memory.with(REST, Math.max(0, peak - counted)),
                Optional.of(new RunEstimate.Time(perStep, evaluations)));
    }

    /** Seconds of a step, the mean of some. */
    private double stepSeconds(Phase phase, Trainer trainer, Progress progress) {
        RunConfig c = phase.config();
        long step = typicalStep(phase);
        trainer.slowDown(STANDSTILL);
        try (StepBatches batches =
                StepBatches.open(images, c, Ranks.all(c), c.train().seed(), step, progress::say)) {
            progress.begin(phase.task(), 0, WARM_UP_STEPS + STEPS);
            long done = 0;
            Clock warmUp = new Clock();
            while (done < WARM_UP_STEPS || warmUp.seconds() < effort.warmUp) {
                step(trainer, batches, step);
                progress.advance(Math.min(++done, WARM_UP_STEPS), Map.of());
            }
            Clock clock = new Clock();
            long steps = 0;
            while (steps < STEPS || clock.seconds() < effort.steps) {
                step(trainer, batches, step);
                progress.advance(WARM_UP_STEPS + Math.min(++steps, STEPS), Map.of());
            }
            double seconds = clock.seconds() / steps;
            progress.end();
            return seconds;
        }
    }

    /** The first step that freezes nothing and that the sentinel does not look at: what it says of a network at a standstill is no matter. */
    private static long typicalStep(Phase phase) {
        RunConfig c = phase.config();
        long step = phase.first() + c.optim().freezeBackboneSteps();
        boolean due = c.sentinel().period() > 0 && step % c.sentinel().period() == 0;
        return Math.min(due ? step + 1 : step, phase.end() - 1);
    }

    private static void step(Trainer trainer, StepBatches batches, long step) {
        try (StepBatches.Micro micro = batches.next()) {
            trainer.step(step, micro.batches());
        }
    }

    /** From the start to now. */
    private static final class Clock {
        private final long start = System.nanoTime();

        double seconds() {
            return (System.nanoTime() - start) / 1e9;
        }
    }

    /** Seconds of all evaluations of a phase: from a whole one, or from that of a few images where it would take long. */
    private double evaluationSeconds(Phase phase, FeatureExtractor teacher, Progress progress) {
        if (probe.isEmpty()) {
            return 0;
        }
        KnnProbe all = probe.get().at(Recipe.evaluation(phase.config()));
        KnnProbe few = new KnnProbe(some(all.train(), BANK), some(all.test(), PROBED), all.transform(), all.threads());
        few.accuracy(teacher, progress); // compiles
        Clock clock = new Clock();
        few.accuracy(teacher, progress);
        double seconds = clock.seconds() * all.size() / few.size();
        if (seconds < effort.evaluation) {
            seconds = whole(phase, all, teacher, progress);
        }
        return Evaluations.count(phase) * seconds;
    }

    /** As a run does it, for what it does to the memory, too. */
    private static double whole(Phase phase, KnnProbe probe, FeatureExtractor teacher, Progress progress) {
        if (phase.first() == 0) {
            probe.pixelAccuracy(progress);
        }
        Clock clock = new Clock();
        probe.accuracy(teacher, progress);
        return clock.seconds();
    }

    private static ImageSource some(ImageSource source, int count) {
        int n = Math.min(count, source.size());
        int[] chosen = IntStream.range(0, n)
                .map(i -> (int) ((long) i * source.size() / n))
                .toArray();
        return new ImageSubset(source, chosen);
    }
}
