package io.dino4j.train;

import io.dino4j.data.Seed;
import io.dino4j.data.crop.Batch;
import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.param.Initialization;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.graph.vit.DropPath;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.train.checkpoint.Checkpoint;
import io.dino4j.train.checkpoint.RunState;
import io.dino4j.train.checkpoint.Snapshot;
import io.dino4j.train.config.RunConfig;
import io.dino4j.train.optim.AdamW;
import io.dino4j.train.optim.GradientClip;
import io.dino4j.train.optim.ParameterGroups;
import io.dino4j.train.optim.Workers;
import io.dino4j.train.schedule.Hyper;
import io.dino4j.train.schedule.Schedules;
import io.dino4j.zoo.weights.LoadReport;
import io.dino4j.zoo.weights.PretrainedWeights;
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
    private final RunConfig config;
    private final SslModel model;
    private final Workers workers;
    private final GradientClip clip;
    private final AdamW optimizer;
    private final Schedules schedules;
    private final Seed dropSeed;

    /** The first phase of a run: a network at its start values; student and average begin equal. */
    public Trainer(RunConfig run, List<KernelProvider> providers) {
        this(Phase.of(run, 0), providers);
    }

    /** A network at its start values; student and average begin equal. */
    Trainer(Phase phase, List<KernelProvider> providers) {
        this.phase = phase;
        config = phase.config();
        SslConfig step = Recipe.step(config);
        model = new SslModel(step, DataType.FLOAT, providers, Collective.ALONE);
        RunConfig.Student s = config.student();
        Initialization.Spread spread = new Initialization.Spread(
                s.layerscale(), s.initStd(), s.posEmbedInitStd(), config.dino().headInitStd());
        Initialization.fill(model.student(), spread, config.train().seed());
        model.average().vector().assign(model.student().vector());
        workers = Workers.forThisMachine();
        RunConfig.Optim o = config.optim();
        ParameterGroups groups = ParameterGroups.of(model.student().layout(), o.layerwiseDecay(), o.patchEmbedLrMult());
        clip = new GradientClip(groups, o.clipGrad(), workers);
        optimizer = new AdamW(
                groups,
                new AdamW.Constants(o.adamwBeta1(), o.adamwBeta2(), AdamW.Constants.DEFAULT.epsilon()),
                workers);
        schedules = Schedules.of(config, 1);
        dropSeed = new Seed(config.train().seed()).derive("drop path");
    }

    SslModel model() {
        return model;
    }

    /**
     * One step.
     *
     * @return every loss term, schedule and gradient norm
     * @throws TrainingException if a loss or gradient is not finite; student and average are then as before the step
     */
    public Map<String, Double> step(long step, Batch batch) {
        Hyper now = schedules.at(phase.local(step));
        Map<String, Double> values = new LinkedHashMap<>(model.forwardBackward(inputs(step, batch), now.teacherTemp()));
        GradientClip.Clipping clipping = clip.measure(model.gradients());
        clipping.subNetworks().forEach(part -> values.put("grad_norm_" + part, clipping.norm(part)));
        requireFinite(step, values);
        optimizer.update(model.student(), model.gradients(), clipping, model.average(), now);
        values.put("lr", now.lr());
        values.put("last_layer_lr", now.lastLayerLr());
        values.put("weight_decay", now.weightDecay());
        values.put("momentum", now.momentum());
        values.put("teacher_temp", now.teacherTemp());
        return values;
    }

    private static void requireFinite(long step, Map<String, Double> values) {
        values.forEach((name, value) -> {
            if (!Double.isFinite(value)) {
                throw new TrainingException(
                        "step %d: %s is %s, so the run has stopped; the last checkpoint is good: go on from it with"
                                        .formatted(step, name, value)
                                + " --resume and a lower optim.base_lr or optim.clip_grad");
            }
        });
    }

    private StepInputs inputs(long step, Batch batch) {
        return new StepInputs(
                batch.globals(),
                Optional.ofNullable(batch.locals()),
                batch.masks(),
                batch.maskIndices().toIntVector(),
                batch.maskWeights(),
                batch.maskedCount(),
                dropRows(step));
    }

    private Map<String, int[]> dropRows(long step) {
        Map<String, int[]> rows = new HashMap<>();
        List<DropPath.Branch> branches = model.dropPath().branches();
        for (int i = 0; i < branches.size(); i++) {
            rows.put(branches.get(i).placeholder(), branches.get(i).draw(dropSeed.at(step, i)));
        }
        return rows;
    }

    /** The tensors that a checkpoint holds. */
    Snapshot snapshot() {
        Map<String, INDArray> extras = new LinkedHashMap<>();
        save(CLS_CENTER, model.clsCenter(), extras);
        save(PATCH_CENTER, model.patchCenter(), extras);
        return new Snapshot(
                model.student(), model.average(), optimizer.firstMoment(), optimizer.secondMoment(), extras);
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
        long seen = step * config.train().batchSizePerGpu();
        return new RunState(
                step,
                seen / images,
                seen % images,
                optimizer.steps(),
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
        LoadReport report = weights.load(model.student(), model.config().backbone());
        model.average().vector().assign(model.student().vector());
        return report.lines();
    }

    /** Starts where the phase before ended: student, average and centres, positions resampled; moments are fresh. */
    void startFrom(Checkpoint before) {
        VitConfig vit = model.config().backbone();
        try (PretrainedWeights student = PretrainedWeights.open(before.studentFile());
                PretrainedWeights average = PretrainedWeights.open(before.teacherFile())) {
            student.load(model.student(), vit);
            average.load(model.average(), vit);
        }
        loadCenters(before);
    }

    /** Goes back to a checkpoint, bit for bit. */
    void restore(Checkpoint checkpoint) {
        checkpoint.restoreInto(snapshot());
        optimizer.restoreSteps(checkpoint.state().optimizerSteps());
        loadCenters(checkpoint);
    }

    private void loadCenters(Checkpoint checkpoint) {
        Map<String, INDArray> extras = checkpoint.extras();
        load(CLS_CENTER, model.clsCenter(), extras);
        load(PATCH_CENTER, model.patchCenter(), extras);
    }

    private static void load(String name, Centers centers, Map<String, INDArray> extras) {
        centers.center.assign(extras.get(name));
        centers.mean.assign(extras.get(name + ".mean"));
        centers.setPending(extras.get(name + ".pending").getDouble(0) != 0);
    }

    @Override
    public void close() {
        model.close();
        workers.close();
    }
}
