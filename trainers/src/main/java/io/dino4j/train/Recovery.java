package io.dino4j.train;

import io.dino4j.data.Progress;
import io.dino4j.train.checkpoint.Checkpoint;
import io.dino4j.train.checkpoint.CheckpointStore;
import io.dino4j.train.config.RunConfig;
import io.dino4j.train.sentinel.TroubleException;
import java.util.Optional;

/** What a run does about trouble: end at the last good checkpoint, or go back to it. */
final class Recovery {
    private final RunConfig.Sentinel config;
    private final CheckpointStore checkpoints;
    private final RollbackHistory rollbacks;
    private final Progress progress;

    Recovery(RunConfig.Sentinel config, CheckpointStore checkpoints, RollbackHistory rollbacks, Progress progress) {
        this.config = config;
        this.checkpoints = checkpoints;
        this.rollbacks = rollbacks;
        this.progress = progress;
    }

    /**
     * Makes the last good checkpoint the newest one. On return the run goes on from it.
     *
     * @throws TrainingException if the run is to end
     */
    void answer(TroubleException trouble) {
        progress.end();
        long good = lastGood(trouble);
        checkpoints.discardAfter(good);
        if (config.action() == RunConfig.SentinelAction.STOP || rollbacks.count() >= config.maxRollbacks()) {
            throw new TrainingException(farewell(trouble, good));
        }
        rollbacks.add(
                new RollbackHistory.Rollback(trouble.step(), good, config.rollbackLrFactor(), trouble.getMessage()));
        progress.say(
                "%s; going back to step %d, with other batches and the learning rate times %s (%d of at most %d times)"
                        .formatted(
                                trouble.getMessage(),
                                good,
                                config.rollbackLrFactor(),
                                rollbacks.count(),
                                config.maxRollbacks()));
    }

    /** A checkpoint that was gone back to before, and has led to trouble again, is not good if there is an older one. */
    private long lastGood(TroubleException trouble) {
        long good = step(trouble.goodUpTo());
        boolean again = rollbacks.last().filter(r -> r.to() == good).isPresent();
        long older = again ? step(good - 1) : 0;
        return older > 0 ? older : good;
    }

    private long step(long limit) {
        Optional<Checkpoint> newest = checkpoints.latestUpTo(limit);
        return newest.map(c -> c.state().step()).orElse(0L);
    }

    private String farewell(TroubleException trouble, long good) {
        return "%s, so the run has stopped%s; %s, with %s; see docs/troubleshooting.md"
                .formatted(
                        trouble.getMessage(),
                        rollbacks.count() == 0 ? "" : " after going back %d times".formatted(rollbacks.count()),
                        good == 0
                                ? "there is no good checkpoint yet: --resume begins anew"
                                : "the last good checkpoint is that of step %d: go on from it with --resume"
                                        .formatted(good),
                        trouble.remedy());
    }
}
