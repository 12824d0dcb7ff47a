package io.dino4j.train;

import io.dino4j.data.Progress;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.train.checkpoint.Checkpoint;
import io.dino4j.train.config.RunConfig;
import io.dino4j.zoo.weights.PretrainedWeights;
import java.nio.file.Path;
import java.util.Optional;

/** What a phase starts from: fresh or trained weights, the end of the phase before, or a checkpoint of its own. */
record Start(Phase phase, Optional<Checkpoint> newest) {
    /** The start of a phase after the newest checkpoint. */
    static Start of(Phase phase, Optional<Checkpoint> newest) {
        return new Start(phase, newest);
    }

    /**
     * Checks that the weights which a new run starts from are there and fit.
     *
     * @throws io.dino4j.zoo.weights.WeightsException saying what is wrong with them
     */
    static void check(RunConfig run) {
        SslConfig model = Recipe.step(run);
        pretrained(run).ifPresent(file -> {
            try (PretrainedWeights weights = PretrainedWeights.open(file)) {
                weights.check(model.student().layout(), model.student().backbone());
            }
        });
    }

    private static Optional<Path> pretrained(RunConfig run) {
        String path = run.student().pretrainedWeights();
        return path.isEmpty() ? Optional.empty() : Optional.of(RunDirectory.weights(Path.of(path)));
    }

    /**
     * Brings networks and optimiser there, and tells of it.
     *
     * @return the number of the step to begin with
     */
    long apply(Trainer trainer, Progress progress) {
        if (newest.isPresent() && newest.get().state().phase() == phase.number()) {
            trainer.restore(newest.get());
            long step = newest.get().state().step();
            progress.say("going on from step %d of %d"
                    .formatted(step, phase.run().stepsBefore(phase.run().phaseCount())));
            return step;
        }
        if (newest.isPresent()) {
            trainer.startFrom(newest.get());
            progress.say("%s begins, phase %d of %d: steps %d to %d, global crops of %d pixels"
                    .formatted(
                            phase.title(),
                            phase.number() + 1,
                            phase.run().phaseCount(),
                            phase.first(),
                            phase.end(),
                            phase.config().crops().globalCropsSize()));
            return phase.first();
        }
        pretrained(phase.config()).ifPresent(file -> {
            try (PretrainedWeights weights = PretrainedWeights.open(file)) {
                trainer.startFrom(weights).forEach(progress::say);
            }
        });
        return 0;
    }
}
