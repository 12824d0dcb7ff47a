package io.dino4j.data.crop;

/**
 * The masks of one batch, laid out for the network. The number of masked patches differs from batch to batch.
 *
 * @param masks (slots * n) 1 where a patch is masked, otherwise 0; slot by slot
 * @param indices (M) flat positions {@code slot * n + patch} of the masked patches, ascending
 * @param weights (M) one over the number of masked patches of the slot each index lies in
 */
public record MaskSet(float[] masks, int[] indices, float[] weights) {}
