package io.dino4j.data.crop;

import java.util.Arrays;

/**
 * The part of one worker in the batches of several. With W workers of batch B, step k of all of them together is the step k of one worker with
 * batch {@code W B}: worker r has the samples {@code r B … r B + B - 1} of it, with the same images, crops and masks.
 *
 * @param rank from 0
 * @param world W, number of workers, at least 1
 */
public record Worker(int rank, int world) {
    /** The only worker. */
    public static final Worker ALONE = new Worker(0, 1);

    /** Checks the numbers. */
    public Worker {
        if (rank < 0 || rank >= world) {
            throw new IllegalArgumentException(
                    "there is no worker %d of %d; expected 0 to %d".formatted(rank, world, world - 1));
        }
    }

    /** The sample of the whole batch that is the worker's i-th. */
    int sample(int batchSize, int i) {
        return rank * batchSize + i;
    }

    /** Position of the worker's i-th sample in the stream of images. */
    long position(long step, int batchSize, int i) {
        return step * world * batchSize + sample(batchSize, i);
    }

    /** The worker's part of the masks of all, which are crop by crop. */
    MaskSet part(MaskSet all, int crops, int batchSize, int patches) {
        if (world == 1) {
            return all;
        }
        float[] masks = new float[crops * batchSize * patches];
        int length = batchSize * patches;
        for (int crop = 0; crop < crops; crop++) {
            System.arraycopy(all.masks(), (crop * world + rank) * length, masks, crop * length, length);
        }
        int[] indices = new int[all.indices().length];
        float[] weights = new float[indices.length];
        int count = 0;
        for (int i = 0; i < indices.length; i++) {
            int stretch = all.indices()[i] / length;
            if (stretch % world == rank) {
                indices[count] = stretch / world * length + all.indices()[i] % length;
                weights[count++] = all.weights()[i];
            }
        }
        return new MaskSet(masks, Arrays.copyOf(indices, count), Arrays.copyOf(weights, count));
    }
}
