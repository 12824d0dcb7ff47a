/**
 * What a step of many workers and parameter servers takes, by a simulation of discrete events: start at {@link
 * io.dino4j.train.scaling.ScalingStudy}. {@code StepSimulation} runs the protocol of {@code train.cluster} with messages that take time
 * instead of bytes; {@code Traffic} and {@code MemoryByServers} are formulas. Nothing here trains or opens a connection.
 */
package io.dino4j.train.scaling;
