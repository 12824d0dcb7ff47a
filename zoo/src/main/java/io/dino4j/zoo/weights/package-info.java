/**
 * Weight files: reading {@code .safetensors} and PyTorch checkpoints in every naming scheme, writing {@code .safetensors}, and filling a
 * parameter vector from them. Loading is total: every parameter must be there, in its shape, and nothing else. Start at
 * {@link io.dino4j.zoo.weights.TensorFile} for tensors, at {@link io.dino4j.zoo.weights.PretrainedWeights} for networks, and at
 * {@link io.dino4j.zoo.weights.WeightsExport} for writing; {@link io.dino4j.zoo.weights.NamingScheme} holds the table of names, and
 * {@link io.dino4j.zoo.weights.RunLayout} what lies where in a run.
 */
package io.dino4j.zoo.weights;
