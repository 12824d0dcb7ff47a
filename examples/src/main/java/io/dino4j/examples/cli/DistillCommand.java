package io.dino4j.examples.cli;

import io.dino4j.data.Progress;
import io.dino4j.train.Distiller;
import io.dino4j.train.Pretrainer;
import io.dino4j.train.StepObserver;
import io.dino4j.train.Training;
import io.dino4j.train.config.ConfigException;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.config.RunConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Trains a small backbone to do what a large one does. */
@Command(
        name = "distill",
        description = "Train a backbone from a frozen teacher: a run of your own, or an official DINOv2 file.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j distill --teacher dinov2_vitl14_pretrain.pth --preset vits14 --images photos/ --out runs/small",
            "  ./dino4j distill --teacher runs/large --preset nano --images photos/",
            "  ./dino4j distill --out runs/small --resume",
            "",
            "The result is a run like any other: for evaluate knn, and for pretrain --init."
        })
final class DistillCommand extends TrainingCommand {
    @Option(
            names = "--teacher",
            paramLabel = "FILE",
            description =
                    "Weights of the teacher: a file, or a run (distillation.teacher_weights). One without heads gets them first.")
    private Path teacher;

    @Option(
            names = "--head-steps",
            paramLabel = "N",
            description =
                    "Steps in which heads are trained for a teacher without (distillation.head_warmup_steps); default a tenth of the run, at most 2000.")
    private Integer headSteps;

    @Override
    String defaultPreset(boolean ownImages) {
        return "vits14";
    }

    /** The losses need as many prototypes as the teacher has, so its heads are the model of the student's. */
    @Override
    List<String> sizes(boolean goesOn, boolean presetIsNamed) {
        if (teacher == null && !goesOn) {
            throw new ConfigException("distill needs --teacher, the weights to learn from");
        }
        return goesOn ? List.of() : FirstWeights.of(teacher).headKeys();
    }

    @Override
    List<String> keys(boolean goesOn) {
        List<String> keys = new ArrayList<>();
        if (teacher != null) {
            keys.add(RunOptions.pathKey(
                    "distillation.teacher_weights", teacher.toAbsolutePath().normalize()));
        }
        if (headSteps != null) {
            keys.add("distillation.head_warmup_steps=" + headSteps);
        }
        return keys;
    }

    @Override
    RunConfig complete(ConfigLayers layers, RunConfig resolved, int images, boolean goesOn, List<String> notes) {
        if (!resolved.distillation().isOn()) {
            throw new ConfigException("distillation.teacher_weights is empty: this run distils nothing; use pretrain");
        }
        return resolved;
    }

    @Override
    Training training(Pretrainer.Request request, Progress progress, StepObserver observer) {
        return new Distiller(request, progress, observer);
    }
}
