/**
 * Training batches of the DINOv2 recipe: two global and several local crops per image, block masks over the global
 * ones. Start with {@link io.dino4j.data.crop.MultiCropConfig} and {@link io.dino4j.data.crop.BatchLoader}; {@link
 * io.dino4j.data.crop.EvalBatches} feeds evaluation.
 *
 * <p>Native memory: a loader owns the arrays of its batches and uses them again, a batch only lends them. Must not
 * depend on graphs or trainers.
 */
package io.dino4j.data.crop;
