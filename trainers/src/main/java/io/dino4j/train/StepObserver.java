package io.dino4j.train;

import io.dino4j.data.crop.Batch;
import io.dino4j.zoo.FeatureExtractor;

/** Who looks at the pictures of a run while it goes. Numbers are in the metrics. */
@FunctionalInterface
public interface StepObserver {
    /** Nobody looks. */
    StepObserver NONE = (batch, teacher) -> {};

    /**
     * A step is done. Called by the thread that trains: time spent here is time of the run, and nothing may be changed.
     *
     * @param batch what the step was trained on; its arrays are filled anew after the call
     * @param teacher the network as it is after the step; it serves this thread only
     */
    void step(Batch batch, FeatureExtractor teacher);
}
