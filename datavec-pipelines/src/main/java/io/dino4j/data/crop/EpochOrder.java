package io.dino4j.data.crop;

import io.dino4j.data.Seed;

/**
 * The infinite stream of images: epoch after epoch, each a permutation that depends on (seed, epoch) only. Two epochs
 * are remembered, because a batch at the border needs both.
 */
final class EpochOrder {
    private final int size;
    private final Seed seed;
    private final long[] epochs = {-1, -1};
    private final int[][] orders = new int[2][];

    EpochOrder(int size, Seed seed) {
        this.size = size;
        this.seed = seed;
    }

    /**
     * The image at a position of the stream, or a substitute from the same epoch.
     *
     * @param position from 0, counted over all epochs
     * @param shift 0 for the image itself, t for the t-th after it, the epoch taken as a circle
     */
    int at(long position, int shift) {
        int[] order = order(position / size);
        return order[(int) ((position % size + shift) % size)];
    }

    private synchronized int[] order(long epoch) {
        int at = (int) (epoch & 1);
        if (epochs[at] != epoch) {
            orders[at] = Permutation.draw(size, seed.at(epoch, 0));
            epochs[at] = epoch;
        }
        return orders[at];
    }
}
