package io.dino4j.graph.exec;

import io.dino4j.graph.op.Cost;

/**
 * One op of a plan, measured in one run.
 *
 * @param op its name; {@code copy} for the copies around the ops
 * @param cost what it costs at least
 * @param nanos nanoseconds that it took
 */
public record OpTime(String op, Cost cost, long nanos) {}
