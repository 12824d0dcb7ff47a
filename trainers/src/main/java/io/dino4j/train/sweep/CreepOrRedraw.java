package io.dino4j.train.sweep;

import org.apache.commons.math3.random.RandomGenerator;
import org.deeplearning4j.arbiter.optimize.generator.genetic.mutation.MutationOperator;

/**
 * Changes a gene with a given probability: half of the times by a normal step of 0.1, which refines, else by a new draw, which explores.
 * Arbiter's own operator only draws anew, which hardly ever comes closer to an optimum.
 */
final class CreepOrRedraw implements MutationOperator {
    private static final double STEP = 0.1;

    private final double rate;
    private final RandomGenerator random;

    CreepOrRedraw(double rate, RandomGenerator random) {
        this.rate = rate;
        this.random = random;
    }

    @Override
    public boolean mutate(double[] genes) {
        boolean changed = false;
        for (int i = 0; i < genes.length; i++) {
            if (random.nextDouble() < rate) {
                genes[i] = random.nextBoolean()
                        ? Math.max(0, Math.min(1, genes[i] + STEP * random.nextGaussian()))
                        : random.nextDouble();
                changed = true;
            }
        }
        return changed;
    }
}
