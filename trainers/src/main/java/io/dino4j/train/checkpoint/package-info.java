/**
 * Checkpoints of a run: folders that are complete and verified or do not count. Start at
 * {@link io.dino4j.train.checkpoint.CheckpointStore}. Tensors go through {@code io.dino4j.zoo.weights}; everything is
 * restored bit for bit.
 */
package io.dino4j.train.checkpoint;
