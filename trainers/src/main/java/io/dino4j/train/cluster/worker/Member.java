package io.dino4j.train.cluster.worker;

import io.dino4j.graph.param.ParameterVector;
import io.dino4j.train.cluster.message.StateVector;
import java.util.Optional;

/** What the servers may need from a worker to go on after a fault. */
public interface Member {
    /** True for the one worker that records the run, and can give back what the servers have lost. */
    boolean isChief();

    /**
     * How a step whose gradients are all there is to be made, when nobody has said it to all servers.
     *
     * @param step steps done before it
     * @param squares sums of squares of all blocks of the summed gradients
     */
    StepUpdate update(long step, double[] squares);

    /**
     * Whether a state that the servers have belongs to this run as it is now: asked of the chief alone.
     *
     * @param note of the state
     */
    boolean accepts(byte[] note);

    /** The state to start from where the servers have none or an older one: asked of the chief alone. Empty if it is out of date here too. */
    Optional<State> state();

    /**
     * A state of a run.
     *
     * @param step steps done
     * @param optimizerSteps updates made
     * @param note for whoever joins
     * @param vectors gives each vector of parameters to be loaded
     * @param extras what the last step has left beside those; may be empty
     */
    record State(long step, long optimizerSteps, byte[] note, Vectors vectors, float[] extras) {}

    /** The vectors of a state that have a float for each parameter. */
    @FunctionalInterface
    interface Vectors {
        /** All elements, in the order of the layout. */
        ParameterVector of(StateVector vector);
    }
}
