package io.dino4j.data.crop;

/**
 * The part of one worker in the batches of several. With W workers of batch B, step k of all of them together has the images and crops of the
 * step k of one worker with batch {@code W B}: worker r has the samples {@code r B … r B + B - 1} of it. Masks are drawn for the batch of
 * each worker by itself (official: one collator for each GPU), so that all have as many masked crops.
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
}
