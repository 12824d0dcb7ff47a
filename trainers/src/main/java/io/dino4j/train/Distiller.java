package io.dino4j.train;

import io.dino4j.data.Progress;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.train.config.ConfigException;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.config.RunConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Distillation: a student learns from a frozen teacher, {@code distillation.teacher_weights} (paper section 5). A teacher that comes without
 * heads first gets them: a run of its own, in the folder {@code teacher} of the run, trains fresh heads on the frozen backbone, and their
 * average goes to the teacher.
 */
public final class Distiller implements Training {
    /** Steps for the heads: this share of the run, at most so many. */
    private static final int HEAD_SHARE = 10;

    private static final long MAX_HEAD_STEPS = 2000;

    /** Epochs of the run for the heads, each with a checkpoint. */
    private static final long HEAD_EPOCHS = 10;

    private final Pretrainer.Request request;
    private final Progress progress;
    private final StepObserver observer;
    private volatile boolean stopping;
    private volatile Optional<Training> current = Optional.empty();

    /** A distillation that has not begun. */
    public Distiller(Pretrainer.Request request, Progress progress, StepObserver observer) {
        this.request = request;
        this.progress = progress;
        this.observer = observer;
    }

    /** Steps in which fresh heads are trained on a frozen backbone, where nothing else is said: a tenth of a run, at most 2000. */
    public static long headSteps(RunConfig config) {
        return Math.max(1, Math.min(MAX_HEAD_STEPS, config.totalSteps() / HEAD_SHARE));
    }

    @Override
    public Pretrainer.Outcome run() throws IOException {
        RunConfig config = request.config();
        Path weights = Path.of(config.distillation().teacherWeights());
        Pretrainer student = new Pretrainer(request, progress, observer);
        if (RunDirectory.isDone(request.directory().teacher())) {
            return run(student);
        }
        FrozenTeacher teacher = FrozenTeacher.of(config, weights);
        if (!teacher.hasHeads()) {
            requireAlone(weights);
            student.begin(Optional.of(teacher)); // a run that is stopped at the heads can be resumed
            Pretrainer.Outcome heads = trainHeads(teacher, weights);
            if (!heads.finished()) {
                return heads;
            }
        }
        return run(student);
    }

    /** Servers and workers are those of one run, and the heads are a run of their own. */
    private void requireAlone(Path weights) {
        if (!request.topology().isAlone()) {
            throw new ConfigException(
                    "distillation.teacher_weights: %s has no heads, and those are trained in one process: leave --cluster and --servers out, stop once the student begins, and go on with --resume and them"
                            .formatted(weights));
        }
    }

    private Pretrainer.Outcome trainHeads(FrozenTeacher teacher, Path weights) throws IOException {
        Path folder = request.directory().teacher();
        RunConfig config = RunDirectory.holdsRun(folder)
                ? RunDirectory.config(folder)
                : headConfig(teacher.network().backbone(), weights);
        progress.say("%s has no heads: they are trained first, in %d steps with its backbone frozen"
                .formatted(weights, config.totalSteps()));
        try (RunDirectory directory = RunDirectory.open(folder, true)) {
            Pretrainer.Request heads = new Pretrainer.Request(
                    config,
                    request.images(),
                    Optional.empty(),
                    directory,
                    request.command(),
                    request.providers(),
                    request.topology());
            return run(new Pretrainer(heads, progress, observer));
        }
    }

    /** Self-supervised training of the teacher's architecture, of which only the heads learn. */
    private RunConfig headConfig(VitConfig vit, Path weights) {
        RunConfig config = request.config();
        int asked = config.distillation().headWarmupSteps();
        long steps = asked > 0 ? asked : headSteps(config);
        long epochs = Math.min(HEAD_EPOCHS, steps);
        long length = (steps + epochs - 1) / epochs;
        return ConfigLayers.of(config)
                .overrides(List.of(
                        "phases=[]",
                        "distillation.teacher_weights=''",
                        "student.pretrained_weights='%s'"
                                .formatted(weights.toAbsolutePath()
                                        .normalize()
                                        .toString()
                                        .replace("'", "''")),
                        "student.embed_dim=" + vit.embedDim(),
                        "student.depth=" + vit.depth(),
                        "student.num_heads=" + vit.numHeads(),
                        "student.mlp_ratio=" + vit.mlpRatio(),
                        "student.ffn_layer=" + (vit.ffn() == Ffn.MLP ? "mlp" : "swiglufused"),
                        "student.num_register_tokens=" + vit.numRegisters(),
                        "student.interpolate_antialias=" + vit.interpolateAntialias(),
                        "student.interpolate_offset=" + vit.interpolateOffset(),
                        "student.drop_path_rate=0",
                        "optim.freeze_backbone_steps=" + epochs * length,
                        "optim.epochs=" + epochs,
                        "optim.warmup_epochs=" + epochs / HEAD_EPOCHS,
                        "optim.freeze_last_layer_epochs=0",
                        "teacher.warmup_teacher_temp_epochs=0",
                        "train.OFFICIAL_EPOCH_LENGTH=" + length,
                        "train.saveckp_freq=1",
                        "evaluation.eval_period_iterations=0"))
                .resolve();
    }

    private Pretrainer.Outcome run(Training training) throws IOException {
        current = Optional.of(training);
        if (stopping) { // asked for before there was anything to stop
            training.stop();
        }
        return training.run();
    }

    @Override
    public void stop() {
        stopping = true;
        current.ifPresent(Training::stop);
    }
}
