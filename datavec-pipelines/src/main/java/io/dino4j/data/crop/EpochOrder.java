package io.dino4j.data.crop;

import io.dino4j.data.Seed;
import io.dino4j.data.source.ImageSource;
import io.dino4j.data.source.Runs;
import java.util.Arrays;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * The infinite stream of images: epoch after epoch, each as long as the source and in an order that depends on (seed, epoch) only. Two epochs
 * are remembered, because a batch at the border needs both.
 *
 * <p>An epoch is a permutation of the images. Where they lie in runs that are best read together, the runs are in random order and images are
 * shuffled within windows of some of them. Where weights differ, image i comes {@code w_i / mean(w)} times, rounded up or down at random
 * (systematic resampling).
 */
final class EpochOrder {
    private final ImageSource source;
    private final int size;
    private final Seed seed;
    private final boolean weighted;
    private final Optional<Runs> runs;
    private final long[] epochs = {-1, -1};
    private final int[][] orders = new int[2][];

    EpochOrder(ImageSource source, Seed seed) {
        this.source = source;
        this.size = source.size();
        this.seed = seed;
        this.weighted = IntStream.range(1, size).anyMatch(i -> source.weight(i) != source.weight(0));
        this.runs = source.runs();
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
            orders[at] = draw(epoch);
            epochs[at] = epoch;
        }
        return orders[at];
    }

    private int[] draw(long epoch) {
        RandomGenerator random = seed.at(epoch, 0);
        int[] images = weighted ? resampled(seed.derive("weights").at(epoch, 0).nextDouble()) : new int[0];
        int[] order = runs.isPresent() ? inWindows(runs.get(), images, random) : Permutation.draw(size, random);
        if (weighted) {
            Arrays.setAll(order, i -> images[order[i]]);
        }
        return order;
    }

    /** Image i takes the whole numbers from {@code c_i - u} up to {@code c_(i+1) - u}, c being the weights added up to the size. */
    private int[] resampled(double u) {
        double total = 0;
        for (int i = 0; i < size; i++) {
            total += source.weight(i);
        }
        int[] images = new int[size];
        double sum = 0;
        int taken = 0;
        for (int i = 0; i < size; i++) {
            sum += source.weight(i);
            int upTo = i == size - 1 ? size : (int) Math.min(size, Math.floor(sum / total * size + u));
            if (upTo > taken) {
                Arrays.fill(images, taken, upTo, i);
                taken = upTo;
            }
        }
        return images;
    }

    /** The places of an epoch, run by run, shuffled within windows. */
    private int[] inWindows(Runs runs, int[] images, RandomGenerator random) {
        int[] order = new int[size];
        int count = 0;
        for (int run : Permutation.draw(runs.starts().length, random)) {
            int from = place(runs.starts()[run], images);
            int to = run + 1 == runs.starts().length ? size : place(runs.starts()[run + 1], images);
            for (int i = from; i < to; i++) {
                order[count++] = i;
            }
        }
        for (long from = 0; from < size; from += runs.window()) {
            shuffle(order, (int) from, (int) Math.min(size, from + runs.window()), random);
        }
        return order;
    }

    /** The first place of an image or a later one; the images ascend. */
    private int place(int image, int[] images) {
        if (!weighted) {
            return image;
        }
        int low = 0;
        int high = size;
        while (low < high) {
            int middle = low + high >>> 1;
            if (images[middle] < image) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private static void shuffle(int[] order, int from, int to, RandomGenerator random) {
        for (int i = to - 1; i > from; i--) {
            int j = from + random.nextInt(i - from + 1);
            int other = order[j];
            order[j] = order[i];
            order[i] = other;
        }
    }
}
