/**
 * Who computes the ops. A {@link io.dino4j.graph.kernel.KernelProvider} turns an op with its bound arrays into a
 * {@link io.dino4j.graph.kernel.Kernel}, once, when a graph is compiled; the kernel then runs as often as the graph does. A new
 * device is a new provider and nothing else. {@code portable} composes ND4J ops and serves any backend and type; {@code onednn}
 * drives oneDNN on the CPU.
 */
package io.dino4j.graph.kernel;
