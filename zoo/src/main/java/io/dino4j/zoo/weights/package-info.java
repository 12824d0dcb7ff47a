/**
 * Weight files: reading {@code .safetensors} and PyTorch checkpoints, writing {@code .safetensors}, and filling a parameter vector from
 * them. Loading is total: every parameter must be there, in its shape, and nothing else. Start at
 * {@link io.dino4j.zoo.weights.TensorFile} for tensors and at {@link io.dino4j.zoo.weights.PretrainedWeights} for networks.
 */
package io.dino4j.zoo.weights;
