/**
 * How fast this machine runs the backbone, {@code ./dino4j benchmark}: images and operations a second, the share of the machine's own
 * matrix product and the memory of the process, and beside it the same network of stock SameDiff ops. Start at
 * {@link io.dino4j.examples.benchmark.BenchmarkCommand}. The stock network runs in a process of its own, so that neither the memory
 * nor the settings of the one touch the other.
 */
package io.dino4j.examples.benchmark;
