package io.dino4j.graph.exec;

/**
 * What a plan needs.
 *
 * @param arenaBytes bytes of intermediate arrays, and of inputs and outputs that nobody binds
 * @param ops number of ops, those that are repeated counted again
 */
public record PlanSize(long arenaBytes, int ops) {}
