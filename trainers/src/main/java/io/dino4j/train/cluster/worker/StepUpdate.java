package io.dino4j.train.cluster.worker;

/**
 * How the servers make a step of the summed gradients.
 *
 * @param lr learning rate before the multipliers of the parameters
 * @param lastLayerLr that of the prototypes
 * @param weightDecay before the multipliers
 * @param momentum of the teacher
 * @param factors by which the gradients of each sub-network are multiplied
 * @param note kept, for workers that join
 */
public record StepUpdate(
        double lr, double lastLayerLr, double weightDecay, double momentum, double[] factors, byte[] note) {}
