package io.dino4j.examples.cli;

import io.dino4j.data.Progress;
import io.dino4j.train.Distiller;
import io.dino4j.train.Pretrainer;
import io.dino4j.train.StepObserver;
import io.dino4j.train.Training;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.config.RunConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

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
            "  ./dino4j pretrain --devices 2",
            "  ./dino4j pretrain --images photos/ --init dinov2_vits14_pretrain.pth",
            "  ./dino4j pretrain --images photos/ --config vitl14.yaml --set train.batch_size_per_gpu=16"
        })
final class PretrainCommand extends TrainingCommand {
    static final String BUILT_IN_PRESET = "shapes";
    private static final String DEFAULT_PRESET = "nano";

    @Option(
            names = "--init",
            paramLabel = "FILE",
            description =
                    "Start from trained weights: an official DINOv2 file, or a run of your own (student.pretrained_weights). Without --preset and --config the sizes are those of the file.")
    private Path init;

    @Option(
            names = "--freeze-steps",
            paramLabel = "N",
            description =
                    "First steps, in which only the heads learn (optim.freeze_backbone_steps); default 0, or with --init of a file without heads a tenth of the run, at most 2000.")
    private Integer freezeSteps;

    private FirstWeights weights;

    private FirstWeights weights() {
        if (weights == null) {
            weights = FirstWeights.of(init);
        }
        return weights;
    }

    @Override
    String defaultPreset(boolean ownImages) {
        String usual = usualPreset(ownImages);
        return init == null ? usual : weights().preset().orElse(usual);
    }

    /** The preset of a run that names none and starts from scratch. */
    static String usualPreset(boolean ownImages) {
        return ownImages ? DEFAULT_PRESET : BUILT_IN_PRESET;
    }

    @Override
    List<String> sizes(boolean goesOn, boolean presetIsNamed) {
        List<String> keys = new ArrayList<>();
        if (init != null && !goesOn) {
            keys.addAll(weights().headKeys());
            if (!presetIsNamed) {
                keys.addAll(weights().backboneKeys());
            }
        }
        return keys;
    }

    @Override
    List<String> keys(boolean goesOn) {
        List<String> keys = new ArrayList<>();
        if (init != null && !goesOn) {
            keys.add(RunOptions.pathKey(
                    "student.pretrained_weights", init.toAbsolutePath().normalize()));
        }
        if (freezeSteps != null) {
            keys.add("optim.freeze_backbone_steps=" + freezeSteps);
        }
        return keys;
    }

    @Override
    RunConfig complete(ConfigLayers layers, RunConfig resolved, int images, boolean goesOn, List<String> notes) {
        if (init == null || goesOn) {
            return resolved;
        }
        weights().requireFits(resolved);
        boolean said = freezeSteps != null || resolved.optim().freezeBackboneSteps() > 0;
        if (said || weights().dinoHead().isPresent()) {
            return resolved;
        }
        long steps = Distiller.headSteps(resolved);
        notes.add("%s has no heads: in the first %d steps only fresh heads learn (--freeze-steps)"
                .formatted(init, steps));
        return layers.overrides(List.of("optim.freeze_backbone_steps=" + steps)).resolve(images);
    }

    @Override
    Training training(Pretrainer.Request request, Progress progress, StepObserver observer) {
        return new Pretrainer(request, progress, observer);
    }
}
