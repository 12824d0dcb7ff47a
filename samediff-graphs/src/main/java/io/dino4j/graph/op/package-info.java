/**
 * The custom SameDiff ops of the networks and losses: name, shape rule, attributes and gradient; no arithmetic. Start at
 * {@link io.dino4j.graph.op.GraphOp}; what an op computes is written on its class, who computes it is decided by a
 * {@link io.dino4j.graph.kernel.KernelProvider}.
 *
 * <p>Tokens of all images lie in one matrix {@code [T, D]}, one token a row and image after image, so that crops of different
 * sizes share every matrix product. Attributes travel as integer and float arguments, which FlatBuffers files keep.
 */
package io.dino4j.graph.op;
