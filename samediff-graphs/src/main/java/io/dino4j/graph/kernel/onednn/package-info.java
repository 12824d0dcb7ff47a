/**
 * The ops on oneDNN 3.11, for float arrays on a CPU. Start at {@link io.dino4j.graph.kernel.onednn.OneDnnProvider}: it
 * turns an op into a {@code Program}, a list of prebuilt oneDNN executions and Java row loops over fixed addresses.
 * Matrix products, softmax, exponentials and norms are oneDNN primitives; gathers and losses are Java loops that copy
 * rows to the heap block by block. Running a program allocates no native memory: oneDNN's own scratchpads lie in the
 * graph's {@link io.dino4j.graph.kernel.Scratch} too.
 */
package io.dino4j.graph.kernel.onednn;
