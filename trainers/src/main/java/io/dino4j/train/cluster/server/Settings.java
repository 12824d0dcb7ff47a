package io.dino4j.train.cluster.server;

import java.nio.file.Path;
import java.time.Duration;

/**
 * What one server is told when it is started.
 *
 * @param shard its number, 0 to below {@code shards}
 * @param shards servers in all, at least 1
 * @param state folder of its snapshots, made if need be
 * @param snapshotSteps steps between snapshots, at least 1
 * @param stallTimeout for how long a worker may hold up the others, or be gone, before it is dropped; above 0
 * @param maxStaleness steps for which gradients may come before the step is due; 0 for synchronous training. Each costs as many more
 *     ranges of memory as there are ranks
 */
public record Settings(int shard, int shards, Path state, long snapshotSteps, Duration stallTimeout, int maxStaleness) {
    private static final int MOST_STALENESS = 64;

    /** Checks the ranges. */
    public Settings {
        if (shards < 1 || shard < 0 || shard >= shards) {
            throw new IllegalArgumentException(
                    "a shard must be written as 0/2: its number from 0, and how many there are; got %d/%d"
                            .formatted(shard, shards));
        }
        if (snapshotSteps < 1) {
            throw new IllegalArgumentException("steps between snapshots must be 1 or more, got " + snapshotSteps);
        }
        if (stallTimeout.isNegative() || stallTimeout.isZero()) {
            throw new IllegalArgumentException("the stall timeout must be above 0, got " + stallTimeout);
        }
        if (maxStaleness < 0 || maxStaleness > MOST_STALENESS) {
            throw new IllegalArgumentException(
                    "staleness must be 0 to %d steps, got %d".formatted(MOST_STALENESS, maxStaleness));
        }
    }
}
