package io.dino4j.train;

import io.dino4j.graph.param.ParameterVector;
import io.dino4j.train.optim.GradientClip;
import io.dino4j.train.schedule.Hyper;
import java.util.Map;

/** The second half of a step: from the gradients and losses of the ranks that are here to the next student and average. */
interface Update extends AutoCloseable {
    /**
     * Brings gradients and losses of all ranks together.
     *
     * @param step number of the step
     * @param gradients of the ranks that are here, summed
     * @param losses likewise; their sums over all ranks on return
     * @return norms of the sum of all gradients, and what they are to be multiplied with
     */
    GradientClip.Clipping gather(long step, ParameterVector gradients, Map<String, Double> losses);

    /**
     * Moves student and average, with the gradients gathered last.
     *
     * @param values what is known of the step, for whoever goes on after a fault
     */
    void apply(GradientClip.Clipping clipping, Hyper now, Map<String, Double> values);

    /** First moment of the optimiser after the last step. */
    ParameterVector firstMoment();

    /** Second moment of the optimiser after the last step. */
    ParameterVector secondMoment();

    /** Updates made so far (t of the bias correction). */
    long steps();

    /**
     * Says that student, average and both moments have just been written from outside.
     *
     * @param step number of the next step
     * @param updates made so far
     */
    void restored(long step, long updates);

    @Override
    void close();
}
