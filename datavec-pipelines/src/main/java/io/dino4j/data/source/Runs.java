package io.dino4j.data.source;

import java.util.Arrays;
import java.util.function.IntToLongFunction;
import java.util.function.IntUnaryOperator;

/**
 * How images lie in storage: in runs of neighbours that are read faster together than apart. A random order that keeps to them takes the runs
 * in random order and shuffles within windows of some of them, instead of jumping over all images.
 *
 * @param starts first image of each run, ascending from 0
 * @param window images to shuffle among, at least 1
 */
public record Runs(int[] starts, int window) {
    /** Most images of a window over files that can be read at any place. */
    private static final int WINDOW = 8192;

    /** Bytes after which a jump within a file no longer matters. */
    private static final long RUN = 16L << 20;

    /** Checks the order. */
    public Runs {
        if (starts.length == 0 || starts[0] != 0 || window < 1) {
            throw new IllegalArgumentException("runs begin with image 0, and a window has an image or more");
        }
        for (int i = 1; i < starts.length; i++) {
            if (starts[i] <= starts[i - 1]) {
                throw new IllegalArgumentException("runs ascend");
            }
        }
    }

    /** Cuts images that lie one behind the other in large files into runs of about 16 MB. */
    static Runs ofStretches(int size, IntUnaryOperator file, IntToLongFunction bytes) {
        int[] starts = new int[16];
        int runs = 0;
        long length = 0;
        for (int i = 0; i < size; i++) {
            if (i == 0 || file.applyAsInt(i) != file.applyAsInt(i - 1) || length >= RUN) {
                if (runs == starts.length) {
                    starts = Arrays.copyOf(starts, 2 * runs);
                }
                starts[runs++] = i;
                length = 0;
            }
            length += bytes.applyAsLong(i);
        }
        return new Runs(Arrays.copyOf(starts, runs), WINDOW);
    }
}
