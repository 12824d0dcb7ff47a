package io.dino4j.zoo.model;

import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.schedule.ISchedule;

/**
 * The learning rate of another updater times a factor, whether it has a schedule or not, and whoever changes it later.
 *
 * @param base the updater of the whole layer
 * @param factor what its rate is multiplied by
 */
record ScaledRate(IUpdater base, double factor) implements ISchedule {
    @Override
    public double valueAt(int iteration, int epoch) {
        return factor * base.getLearningRate(iteration, epoch);
    }

    @Override
    public ISchedule clone() {
        return this;
    }
}
