package io.dino4j.graph.exec;

import io.dino4j.graph.op.Cost;

/**
 * What a plan needs.
 *
 * @param arenaBytes bytes of intermediate arrays, and of inputs and outputs that nobody binds
 * @param workingBytes in a {@link WorkingMemory}: bytes that it uses there
 * @param ownBytes in a {@link WorkingMemory}: bytes that it needs beside, of inputs and outputs that nobody binds
 * @param largestOp bytes that the largest op reads and writes; the scratch memory of kernels is of that order, at most
 * @param cost of one run; what is computed again to save memory counts again
 * @param ops number of ops, those that are repeated counted again
 */
public record PlanSize(long arenaBytes, long workingBytes, long ownBytes, long largestOp, Cost cost, int ops) {}
