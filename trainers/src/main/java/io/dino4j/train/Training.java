package io.dino4j.train;

import java.io.IOException;

/** Work on a run that goes on until it is done, or until somebody asks it to stop. */
public interface Training {
    /**
     * Trains to the end.
     *
     * @throws io.dino4j.train.config.ConfigException if the configuration does not fit the images or asks for what cannot be built
     * @throws TrainingException if the run cannot go on; what was done up to the last checkpoint stays
     * @throws IOException if results cannot be written
     */
    Pretrainer.Outcome run() throws IOException;

    /** Asks, from another thread, to stop after the current step and to leave a checkpoint. */
    void stop();
}
