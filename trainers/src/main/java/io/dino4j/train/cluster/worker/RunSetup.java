package io.dino4j.train.cluster.worker;

import io.dino4j.train.optim.Shard;
import java.util.List;

/**
 * What servers and workers of a run must agree on.
 *
 * @param phase number of the phase, from 0
 * @param chief true for the worker that records the run: its word ends the phase before
 * @param yaml configuration of the phase
 * @param configHash what must be equal for two configurations to belong to one run
 * @param worldSize ranks of a step
 * @param workers workers that are expected
 * @param shards the range of every server, in order
 * @param extras floats that a step leaves for the next beside the vectors of parameters; 0 if there are none
 */
public record RunSetup(
        int phase,
        boolean chief,
        String yaml,
        String configHash,
        int worldSize,
        int workers,
        List<Shard> shards,
        int extras) {
    /** Generations of a phase are greater than all those of the phase before. */
    private static final int PHASE_BITS = 40;

    /** The generation that a phase begins with; only the chief's counts. */
    long generation() {
        return chief ? (long) phase << PHASE_BITS : 0;
    }

    /** Floats of the whole vector. */
    long totalLength() {
        return shards.get(shards.size() - 1).to();
    }
}
