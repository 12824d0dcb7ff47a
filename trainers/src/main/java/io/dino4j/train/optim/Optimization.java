package io.dino4j.train.optim;

import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.train.config.RunConfig;

/**
 * What the optimiser is made from: constants, multipliers of every parameter, and who updates.
 *
 * @param config the optimiser's part of a configuration
 * @param groups the layout and its multipliers, whole or a range
 * @param workers threads of the update
 */
public record Optimization(RunConfig.Optim config, ParameterGroups groups, Workers workers) {
    /** For all parameters of a layout. */
    public static Optimization of(RunConfig.Optim config, ParameterLayout layout, Workers workers) {
        return new Optimization(config, groups(config, layout), workers);
    }

    /** The multipliers of every parameter. */
    public static ParameterGroups groups(RunConfig.Optim config, ParameterLayout layout) {
        return ParameterGroups.of(layout, config.layerwiseDecay(), config.patchEmbedLrMult());
    }

    /** Clipping of each sub-network. */
    public GradientClip clip() {
        return new GradientClip(groups, config.clipGrad(), workers);
    }

    /** An optimiser with moments of zero. */
    public AdamW adamW() {
        AdamW adamW = new AdamW(
                groups,
                new AdamW.Constants(config.adamwBeta1(), config.adamwBeta2(), AdamW.Constants.DEFAULT.epsilon()),
                workers);
        adamW.freeze("backbone", config.freezeBackboneSteps());
        return adamW;
    }
}
