package io.dino4j.train.cluster.message;

/**
 * One try at one step. What a worker contributes counts only for the attempt that it names.
 *
 * @param generation of the state: grows when the run goes back to a saved step
 * @param view of the membership: grows when a worker comes or goes
 * @param step steps done before this one, 0 or more
 */
public record Attempt(long generation, long view, long step) {}
