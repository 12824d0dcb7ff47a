package io.dino4j.train.schedule;

/**
 * What one step uses.
 *
 * @param lr learning rate before per-parameter multipliers
 * @param weightDecay weight decay before per-parameter multipliers
 * @param momentum of the teacher's moving average
 * @param teacherTemp temperature of the teacher's targets
 * @param lastLayerLr learning rate of the prototypes; 0 while they are frozen
 */
public record Hyper(double lr, double weightDecay, double momentum, double teacherTemp, double lastLayerLr) {
    /** The same with both learning rates multiplied. */
    public Hyper slowed(double factor) {
        return new Hyper(lr * factor, weightDecay, momentum, teacherTemp, lastLayerLr * factor);
    }
}
