package io.dino4j.train;

/**
 * How a process takes part in a run of several.
 *
 * @param chief true for the one that records the run: metrics, checkpoints, evaluations, report
 * @param servers parameter servers
 * @param workers workers that the run begins with
 * @param staleness updates that a worker does not wait for before it begins with the next step; 0 to train as one process does
 * @param gradients how gradients travel
 * @param threshold what gradients must have grown to, for {@link Gradients#THRESHOLD}
 */
public record ClusterOptions(
        boolean chief, int servers, int workers, int staleness, Gradients gradients, float threshold) {
    /** How gradients travel. */
    public enum Gradients {
        /** As they are. */
        F32,
        /** Rounded to 16 bits. */
        BF16,
        /** Only those that have grown to a threshold, as plus or minus the threshold; the rest is kept for later. */
        THRESHOLD
    }
}
