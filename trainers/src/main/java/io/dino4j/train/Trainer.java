package io.dino4j.train;

import io.dino4j.data.Seed;
import io.dino4j.data.crop.Batch;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.param.Initialization;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.graph.vit.DropPath;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.train.checkpoint.Checkpoint;
import io.dino4j.train.checkpoint.RunState;
import io.dino4j.train.checkpoint.Snapshot;
import io.dino4j.train.cluster.worker.RegroupException;
import io.dino4j.train.config.RunConfig;
import io.dino4j.train.optim.GradientClip;
import io.dino4j.train.optim.Optimization;
import io.dino4j.train.optim.Workers;
import io.dino4j.train.schedule.Hyper;
import io.dino4j.train.schedule.Schedules;
import io.dino4j.train.sentinel.Sentinel;
import io.dino4j.train.sentinel.TroubleException;
import io.dino4j.zoo.weights.LoadReport;
import io.dino4j.zoo.weights.PretrainedWeights;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The state of a run and one step of it: schedules, losses, gradients, clipping, AdamW, moving average. */
public final class Trainer implements AutoCloseable {
    private static final String CLS_CENTER = "cls_center";
    private static final String PATCH_CENTER = "patch_center";

    private final Phase phase;
    private final Topology topology;
    private final RunConfig config;
    private final Ranks ranks;
    private final Replicas replicas;
    private final SslModel model;
    private final Workers workers;
    private final GradientClip norms;
    private final Sentinel sentinel;
    private final Update update;
    private final Schedules schedules;
    private final Seed dropSeed;
    private final long frozenSteps;
    private double rateFactor = 1;

    /** The first phase of a run on one device: a network at its start values; student and average begin equal. */
    public Trainer(RunConfig run, List<KernelProvider> providers) {
        this(run, providers, 1);
    }

    /**
     * The first phase of a run.
     *
     * @param devices replicas in this process; must divide {@code train.world_size}
     */
    public Trainer(RunConfig run, List<KernelProvider> providers, int devices) {
        this(Phase.of(run, 0), Optional.empty(), providers, Topology.local(devices));
    }

    /**
     * A network at its start values; student and average begin equal.
     *
     * @param teacher the network that is distilled; empty if the average makes the targets
     * @param topology who works it out
     */
    Trainer(Phase phase, Optional<FrozenTeacher> teacher, List<KernelProvider> providers, Topology topology) {
        this.phase = phase;
        this.topology = topology;
        config = phase.config();
        topology.check(config);
        ranks = topology.ranks(phase);
        Ranks ofDevice = new Ranks(ranks.first(), ranks.count() / topology.devices(), ranks.world());
        SslConfig step = Recipe.step(config, teacher.map(FrozenTeacher::network), ofDevice);
        replicas = new Replicas(
                step,
                Recipe.precision(config.train().precision()),
                providers,
                topology.devices(),
                topology.collective(),
                config.train().recomputeBlocks());
        model = replicas.first();
        teacher.ifPresent(t -> t.load(model.teacher()));
        RunConfig.Student s = config.student();
        Initialization.Spread spread = new Initialization.Spread(
                s.layerscale(), s.initStd(), s.posEmbedInitStd(), config.dino().headInitStd());
        Initialization.fill(model.student(), spread, config.train().seed());
        model.average().vector().assign(model.student().vector());
        workers = Workers.forThisMachine();
        RunConfig.Optim o = config.optim();
        Optimization optimization =
                Optimization.of(config.optim(), model.student().layout(), workers);
        norms = new GradientClip(optimization.groups(), 0, workers);
        sentinel = new Sentinel(
                config.sentinel(),
                phase.first() + (long) o.warmupEpochs() * config.train().officialEpochLength(),
                step.student().dinoHead().prototypes(),
                SslConfig.GLOBAL_CROPS);
        schedules = Schedules.of(config);
        update = topology.update(optimization, model.student(), model.average(), this::hyper);
        update.listener().ifPresent(replicas::tell);
        frozenSteps = o.freezeBackboneSteps();
        dropSeed = new Seed(config.train().seed()).derive("drop path");
    }

    /** The model on the first device: its parameters are those of all. */
    SslModel model() {
        return model;
    }

    /** The ranks of a step that are worked out here. */
    Ranks ranks() {
        return ranks;
    }

    /**
     * Takes its place in the run: where several processes train, they may be at another step.
     *
     * @param step that this trainer has been brought to
     * @return the step to go on with
     * @throws RegroupException if it is to work out other ranks by now
     */
    long begin(long step) {
        while (true) {
            try {
                return update.begin(step);
            } catch (RegroupException e) {
                requireSameRanks();
            }
        }
    }

    /** Takes its place again after a {@link RegroupException}. */
    long beginAgain(long step) {
        requireSameRanks();
        return begin(step);
    }

    private void requireSameRanks() {
        if (!topology.ranks(phase).equals(ranks)) {
            throw new RegroupException("the ranks of the step are shared in another way");
        }
    }

    /** Makes student, average and moments those after {@code step} steps. */
    void settle(long step) {
        update.settle(step);
    }

    /** Does something that takes long and has nothing to do with a step, such as an evaluation. */
    void meanwhile(Runnable work) {
        update.meanwhile(work);
    }

    private Hyper hyper(long step) {
        return schedules.at(phase.local(step)).slowed(rateFactor);
    }

    /** What the learning rate of every step to come is multiplied with, beside its schedule; 1 at first. */
    void slowDown(double factor) {
        rateFactor = factor;
    }

    /**
     * One step.
     *
     * @param batches as many as {@code train.accumulation_steps} for each rank that is here, rank by rank
     * @return every loss term, schedule and gradient norm, and what the sentinel sees if it looks
     * @throws TroubleException if a loss or gradient is not finite, or the run has collapsed; student and average are then as before
     *     the step
     */
    public Map<String, Double> step(long step, List<Batch> batches) {
        Hyper now = hyper(step);
        replicas.freezeBackbone(phase.local(step) < frozenSteps);
        List<StepInputs> inputs = new ArrayList<>();
        for (int i = 0; i < batches.size(); i++) {
            inputs.add(inputs(batches.get(i), dropRows(step, i)));
        }
        Map<String, Double> values = new LinkedHashMap<>(replicas.forwardBackward(inputs, now.teacherTemp()));
        GradientClip.Clipping clipping = update.gather(step, replicas.gradients(), values);
        clipping.subNetworks().forEach(part -> values.put("grad_norm_" + part, clipping.norm(part)));
        sentinel.requireFinite(step, values);
        if (sentinel.isDue(step)) {
            values.putAll(norms("weight_norm_", model.student()));
            sentinel.requireFinite(step, values);
            values.putAll(sentinel.look(step, model.clsTargets(), model.teacherFeatures()));
        }
        values.put("lr", now.lr());
        values.put("last_layer_lr", now.lastLayerLr());
        values.put("weight_decay", now.weightDecay());
        values.put("momentum", now.momentum());
        values.put("teacher_temp", now.teacherTemp());
        update.apply(step, clipping, values);
        return values;
    }

    private Map<String, Double> norms(String prefix, ParameterVector vector) {
        GradientClip.Clipping measured = norms.measure(vector);
        Map<String, Double> values = new LinkedHashMap<>();
        measured.subNetworks().forEach(part -> values.put(prefix + part, measured.norm(part)));
        return values;
    }

    private static StepInputs inputs(Batch batch, Map<String, int[]> dropRows) {
        return new StepInputs(
                batch.globals(),
                Optional.ofNullable(batch.locals()),
                batch.masks(),
                batch.maskIndices().toIntVector(),
                batch.maskWeights(),
                batch.maskedCount(),
                dropRows);
    }

    /** The draws of a micro-batch follow its number among those of all ranks, so that they are the same wherever it is worked out. */
    private Map<String, int[]> dropRows(long step, int numberHere) {
        int microBatch = ranks.first() * config.train().accumulationSteps() + numberHere;
        Map<String, int[]> rows = new HashMap<>();
        List<DropPath.Branch> branches = model.dropPath().branches();
        for (int i = 0; i < branches.size(); i++) {
            rows.put(
                    branches.get(i).placeholder(),
                    branches.get(i).draw(dropSeed.at(step, microBatch * branches.size() + i)));
        }
        return rows;
    }

    /**
     * The tensors of a checkpoint after this many steps.
     *
     * @throws TroubleException if one holds a number that is not finite: such a checkpoint is worth nothing
     */
    Snapshot checked(long step) {
        Snapshot snapshot = snapshot();
        sentinel.requireFinite(step, norms("student_norm_", snapshot.student()));
        sentinel.requireFinite(step, norms("teacher_norm_", snapshot.teacher()));
        sentinel.requireFinite(step, norms("first_moment_norm_", snapshot.firstMoment()));
        sentinel.requireFinite(step, norms("second_moment_norm_", snapshot.secondMoment()));
        return snapshot;
    }

    /** The newest step whose checkpoint can be trusted as far as is known after this many steps. */
    long goodUpTo(long step) {
        return sentinel.goodUpTo(step);
    }

    /** The tensors that a checkpoint holds. */
    Snapshot snapshot() {
        Map<String, INDArray> extras = new LinkedHashMap<>();
        save(CLS_CENTER, model.clsCenter(), extras);
        save(PATCH_CENTER, model.patchCenter(), extras);
        extras.putAll(sentinel.state());
        return new Snapshot(
                model.config().student().backbone(),
                model.student(),
                model.average(),
                update.firstMoment(),
                update.secondMoment(),
                extras);
    }

    private static void save(String name, Centers centers, Map<String, INDArray> extras) {
        extras.put(name, centers.center);
        extras.put(name + ".mean", centers.mean);
        extras.put(
                name + ".pending",
                Nd4j.scalar(DataType.FLOAT, centers.isPending() ? 1 : 0).reshape(1));
    }

    /** Where the run stands after {@code step} steps. */
    RunState state(long step, int images, Map<String, String> versions) {
        long seen = step * config.train().imagesPerStep();
        return new RunState(
                step,
                seen / images,
                seen % images,
                update.steps(),
                Map.of("train.seed", config.train().seed()),
                phase.number(),
                phase.first(),
                config.hash(),
                versions);
    }

    /**
     * Starts from trained weights: student and average alike.
     *
     * @return what was loaded, in lines for people
     */
    List<String> startFrom(PretrainedWeights weights) {
        LoadReport report =
                weights.load(model.student(), model.config().student().backbone());
        model.average().vector().assign(model.student().vector());
        return report.lines();
    }

    /** Starts where the phase before ended: student, average and centres, positions resampled; moments are fresh. */
    void startFrom(Checkpoint before) {
        VitConfig vit = model.config().student().backbone();
        try (PretrainedWeights student = PretrainedWeights.open(before.studentFile());
                PretrainedWeights average = PretrainedWeights.open(before.teacherFile())) {
            student.load(model.student(), vit);
            average.load(model.average(), vit);
        }
        loadExtras(before);
    }

    /** Goes back to a checkpoint, bit for bit. */
    void restore(Checkpoint checkpoint) {
        checkpoint.restoreInto(snapshot());
        update.restored(checkpoint.state().step(), checkpoint.state().optimizerSteps());
        loadExtras(checkpoint);
    }

    private void loadExtras(Checkpoint checkpoint) {
        Map<String, INDArray> extras = checkpoint.extras();
        for (SslModel replica : replicas.all()) {
            load(CLS_CENTER, replica.clsCenter(), extras);
            load(PATCH_CENTER, replica.patchCenter(), extras);
        }
        sentinel.restore(extras);
    }

    private static void load(String name, Centers centers, Map<String, INDArray> extras) {
        centers.center.assign(extras.get(name));
        centers.mean.assign(extras.get(name + ".mean"));
        centers.setPending(extras.get(name + ".pending").getDouble(0) != 0);
    }

    @Override
    public void close() {
        update.close();
        replicas.close();
        workers.close();
    }
}
