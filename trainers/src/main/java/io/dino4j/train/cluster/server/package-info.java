/**
 * What a server of a run's parameters does, without a word about how messages reach it. Start at {@link
 * io.dino4j.train.cluster.server.ShardServer}; {@code ShardRun} is the life of one range, {@code StepSum} what one step gathers, {@code
 * Membership} who takes part. One thread calls everything. A step is applied exactly once, whoever repeats himself, comes late or dies:
 * what is gathered is keyed by attempt and rank, summed in the order of ranks, and kept until the step is made or begun anew.
 */
package io.dino4j.train.cluster.server;
