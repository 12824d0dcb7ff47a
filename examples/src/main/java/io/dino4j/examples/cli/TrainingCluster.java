package io.dino4j.examples.cli;

import io.dino4j.data.Progress;
import java.io.IOException;
import java.util.Optional;
import java.util.ServiceLoader;

/** A cluster that places the servers and workers of a run, and starts them again when some are lost; the class path brings it. */
public interface TrainingCluster {
    /**
     * Trains.
     *
     * @param run what its processes do
     * @param progress told of steps, and what people should know
     * @return exit code of the worker that records the run, which has found no fault with its input
     * @throws io.dino4j.train.config.ConfigException in one line, if the cluster is too small or the input is wrong
     * @throws io.dino4j.train.TrainingException in one line, if the run cannot go on
     * @throws IOException if its folder cannot be read
     */
    int train(ClusterRun run, Progress progress) throws IOException;

    /** The cluster that the class path brings. */
    static Optional<TrainingCluster> here() {
        return ServiceLoader.load(TrainingCluster.class).findFirst();
    }
}
