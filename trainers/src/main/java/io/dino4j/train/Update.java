package io.dino4j.train;

import io.dino4j.graph.param.ParameterVector;
import io.dino4j.train.optim.GradientClip;
import java.util.Map;
import java.util.Optional;

/** The second half of a step: from the gradients and losses of the ranks that are here to the next student and average. */
interface Update extends AutoCloseable {
    /**
     * Takes its place in a run.
     *
     * @param step where this process is, by a checkpoint or at the start
     * @return the step to go on with; student and average are those of it
     * @throws io.dino4j.train.cluster.worker.RegroupException if the ranks are other ones by now
     */
    long begin(long step);

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
     * @param step number of the step
     * @param values what is known of the step, for whoever goes on after a fault
     */
    void apply(long step, GradientClip.Clipping clipping, Map<String, Double> values);

    /**
     * Makes all updates up to a step that others did not wait for, so that student, average and moments belong together.
     *
     * @param step steps done
     */
    void settle(long step);

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

    /** Somebody who wants to know of gradients before all are there. */
    Optional<GradientListener> listener();

    /** Does something that takes long and has nothing to do with a step. */
    void meanwhile(Runnable work);

    @Override
    void close();
}
