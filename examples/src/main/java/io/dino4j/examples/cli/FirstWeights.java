package io.dino4j.examples.cli;

import io.dino4j.graph.head.HeadConfig;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.train.Recipe;
import io.dino4j.train.RunDirectory;
import io.dino4j.train.TrainingException;
import io.dino4j.train.checkpoint.CheckpointException;
import io.dino4j.train.config.ConfigException;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.config.RunConfig;
import io.dino4j.zoo.weights.BackboneShape;
import io.dino4j.zoo.weights.PretrainedWeights;
import io.dino4j.zoo.weights.WeightsException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Trained weights that a command names.
 *
 * @param path as the user wrote it: a file, a run, or a checkpoint of one
 * @param backbone what they hold
 * @param dinoHead the head on cls tokens, if they have one
 * @param ibotHead the head on patch tokens, if they have one of their own
 */
record FirstWeights(Path path, BackboneShape backbone, Optional<HeadConfig> dinoHead, Optional<HeadConfig> ibotHead) {
    /**
     * Looks at them.
     *
     * @throws ConfigException if they cannot be read or hold no backbone
     */
    static FirstWeights of(Path path) {
        try (PretrainedWeights weights = PretrainedWeights.open(RunDirectory.weights(path))) {
            return new FirstWeights(path, weights.backbone(), weights.dinoHead(), weights.ibotHead());
        } catch (WeightsException | CheckpointException | TrainingException e) {
            throw new ConfigException(e.getMessage(), e);
        }
    }

    /**
     * Checks that a run can start from them.
     *
     * @throws ConfigException saying what does not fit
     */
    void requireFits(RunConfig run) {
        SslConfig model = Recipe.step(run);
        try (PretrainedWeights weights = PretrainedWeights.open(RunDirectory.weights(path))) {
            weights.check(model.student().layout(), model.student().backbone());
        } catch (WeightsException e) {
            throw new ConfigException(e.getMessage(), e);
        }
    }

    /** The first preset whose backbone has the same sizes. */
    Optional<String> preset() {
        return ConfigLayers.presets().stream()
                .filter(p -> !p.equals(PretrainCommand.BUILT_IN_PRESET))
                .filter(p ->
                        isSize(Recipe.backbone(ConfigLayers.defaults().preset(p).resolve())))
                .findFirst();
    }

    private boolean isSize(VitConfig c) {
        return c.embedDim() == backbone.embedDim()
                && c.depth() == backbone.depth()
                && c.patchSize() == backbone.patchSize()
                && c.hidden() == backbone.hidden();
    }

    /** What a preset does not say of the backbone: registers, and how the models that have them resample positions. */
    List<String> backboneKeys() {
        return backbone.numRegisters() == 0
                ? List.of()
                : List.of(
                        "student.num_register_tokens=" + backbone.numRegisters(),
                        "student.interpolate_antialias=true",
                        "student.interpolate_offset=0.0");
    }

    /** The sizes of the heads, if there are any. */
    List<String> headKeys() {
        List<String> keys = new ArrayList<>();
        dinoHead.ifPresent(h -> {
            addHead(keys, "dino", h);
            keys.add("ibot.separate_head=" + ibotHead.isPresent());
        });
        ibotHead.ifPresent(h -> addHead(keys, "ibot", h));
        return keys;
    }

    private static void addHead(List<String> keys, String block, HeadConfig h) {
        keys.add(block + ".head_n_prototypes=" + h.prototypes());
        keys.add(block + ".head_bottleneck_dim=" + h.bottleneckDim());
        keys.add(block + ".head_nlayers=" + h.layers());
        keys.add(block + ".head_hidden_dim=" + h.hiddenDim());
    }
}
