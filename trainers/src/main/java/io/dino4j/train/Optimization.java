package io.dino4j.train;

import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.train.config.RunConfig;
import io.dino4j.train.optim.AdamW;
import io.dino4j.train.optim.GradientClip;
import io.dino4j.train.optim.ParameterGroups;
import io.dino4j.train.optim.Workers;

/**
 * What the optimiser is made from: multipliers of every parameter, constants, and who updates.
 *
 * @param config of the phase
 * @param groups the layout and its multipliers
 * @param workers threads of the update
 */
record Optimization(RunConfig config, ParameterGroups groups, Workers workers) {
    static Optimization of(RunConfig config, ParameterLayout layout, Workers workers) {
        return new Optimization(config, groups(config, layout), workers);
    }

    /** The multipliers of every parameter. */
    static ParameterGroups groups(RunConfig config, ParameterLayout layout) {
        RunConfig.Optim o = config.optim();
        return ParameterGroups.of(layout, o.layerwiseDecay(), o.patchEmbedLrMult());
    }

    /** Clipping of each sub-network. */
    GradientClip clip() {
        return new GradientClip(groups, config.optim().clipGrad(), workers);
    }

    /** An optimiser with moments of zero. */
    AdamW adamW() {
        RunConfig.Optim o = config.optim();
        AdamW adamW = new AdamW(
                groups,
                new AdamW.Constants(o.adamwBeta1(), o.adamwBeta2(), AdamW.Constants.DEFAULT.epsilon()),
                workers);
        adamW.freeze("backbone", o.freezeBackboneSteps());
        return adamW;
    }
}
