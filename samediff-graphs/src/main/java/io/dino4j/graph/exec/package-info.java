/**
 * Turns a static SameDiff graph into a plan (order, shapes, one arena of buffers reused by liveness, kernels made once) and runs
 * it, behind SameDiff's own sessions.
 */
package io.dino4j.graph.exec;
