package io.dino4j.train.sweep;

import io.dino4j.train.Recipe;
import io.dino4j.train.config.ConfigException;
import io.dino4j.train.config.RunConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.deeplearning4j.arbiter.optimize.generator.RandomSearchGenerator;

/**
 * Which combinations can be trained: those that the rules of the configuration allow, whose networks can be built, and that have enough
 * images for a step.
 *
 * @param config the sweep
 * @param images to learn from
 */
record Validity(SweepConfig config, int images) {
    /** Combinations in which a value is tried before it is called impossible. */
    private static final int TRIES = 200;

    /** Why a combination cannot be trained, in one line; empty if it can. */
    Optional<String> fault(List<String> assignments) {
        try {
            RunConfig c = config.layers(assignments).resolve(images);
            for (int i = 0; i < c.phaseCount(); i++) {
                Recipe.step(c.phase(i));
                int batch = c.phase(i).train().batchSizePerGpu();
                if (batch > images) {
                    throw new ConfigException("%s: train.batch_size_per_gpu is %d; allowed: at most the %d images"
                            .formatted(config.name(), batch, images));
                }
            }
            return Optional.empty();
        } catch (ConfigException e) {
            return Optional.of(e.getMessage());
        } catch (IllegalArgumentException e) {
            return Optional.of("%s: %s: %s".formatted(config.name(), String.join(" ", assignments), e.getMessage()));
        }
    }

    /**
     * Tries every choice and both ends of every range: each must be possible by itself or together with some values of the other keys.
     *
     * @throws ConfigException naming file, key, value and what is allowed
     */
    void check() {
        for (Dimension d : config.space()) {
            for (String value : d.probes()) {
                String assignment = d.key() + "=" + value;
                Optional<String> fault = fault(List.of(assignment));
                if (fault.isPresent() && !isPossible(d, assignment)) {
                    throw new ConfigException(fault.get());
                }
            }
        }
        boolean measured = config.config(List.of()).evaluation().evalPeriodIterations() > 0;
        if (!measured && !config.stop().isOff()) {
            throw new ConfigException(
                    ("%s: evaluation.eval_period_iterations is 0; allowed: above 0, such as a tenth of the run: stop looks"
                                    + " at accuracies on the way")
                            .formatted(config.name()));
        }
    }

    private boolean isPossible(Dimension dimension, String assignment) {
        SearchSpace space = new SearchSpace(config.space());
        RandomSearchGenerator random = new RandomSearchGenerator(space);
        random.setRngSeed(config.seed());
        for (int i = 0; i < TRIES; i++) {
            List<String> all =
                    new ArrayList<>(List.of(space.getValue(random.getCandidate().getFlatParameters())));
            all.set(config.space().indexOf(dimension), assignment);
            if (fault(all).isEmpty()) {
                return true;
            }
        }
        return false;
    }
}
