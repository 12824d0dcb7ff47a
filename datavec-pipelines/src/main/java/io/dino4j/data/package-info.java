/**
 * Images in, batches of training views out. Start with {@link io.dino4j.data.crop.BatchLoader}; the image arithmetic is
 * in {@code image}, where the pictures come from in {@code source}.
 *
 * <p>Every random choice comes from a generator addressed by {@link io.dino4j.data.Seed}, so that a batch depends on
 * (seed, step) only: not on threads, on prefetching or on when the run was resumed.
 *
 * <p>Knows images and vectors. Must not depend on graphs, trainers or the network.
 */
package io.dino4j.data;
