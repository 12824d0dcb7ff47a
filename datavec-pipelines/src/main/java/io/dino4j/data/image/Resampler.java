package io.dino4j.data.image;

import java.util.Arrays;

/**
 * The two passes of a bicubic resize, and their memory: rows first, two at a time, then columns as soon as the rows they need are there.
 * Each pass rounds to 8 bit, as Pillow's do. Only a window of rows is kept, so that it stays in the cache and an image of any height
 * needs no more.
 */
final class Resampler {
    private static final int PRECISION = Taps.PRECISION;
    private static final int HALF = 1 << (PRECISION - 1);
    private static final long HALVES = (long) HALF << 32 | HALF;
    private static final int FEW = 4;

    private final Taps columns = new Taps();
    private final Taps rows = new Taps();
    private long[] pair = new long[0]; // two rows of the source, one in each half of the numbers
    private int[][] window = new int[0][]; // rows after the first pass: (3, width), channel by channel
    private int[] sum = new int[0];

    /**
     * Cuts a box out of an image, resizes it to {@code width x height} and keeps a part of the result.
     *
     * @param extentX columns of the box, less than a whole number of them if the last is a part of one only
     * @param extentY rows of the box, likewise
     * @param out receives the pixels, {@code 0xRRGGBB}
     */
    void resize(Image image, Box box, double extentX, double extentY, int width, int height, Box kept, int[] out) {
        columns.set(box.width(), extentX, width, kept.left(), kept.width());
        rows.set(box.height(), extentY, height, kept.top(), kept.height());
        int length = 3 * kept.width();
        reserve(length, box.width());
        int done = rows.first()[0]; // rows of the box before this one are narrowed, or not needed
        for (int y = 0; y < kept.height(); y++) {
            int end = rows.first()[y] + rows.count()[y];
            while (done < end) {
                narrow(image, box, done, kept.width());
                done += 2;
            }
            int[] line = column(y, length);
            pack(line, kept.width(), out, y * kept.width());
        }
    }

    private void reserve(int length, int boxWidth) {
        int needed = rows.stride() + 2;
        if (window.length < needed) {
            window = Arrays.copyOf(window, needed);
        }
        for (int i = 0; i < window.length; i++) {
            if (window[i] == null || window[i].length < length) {
                window[i] = new int[length];
            }
        }
        if (sum.length < length) {
            sum = new int[length];
        }
        if (pair.length < 3 * (boxWidth + FEW)) { // room for the zero weights behind a short list of taps
            pair = new long[3 * (boxWidth + FEW)];
        }
    }

    private int[] row(int y) {
        return window[y % window.length];
    }

    /** The first pass, of rows {@code y} and {@code y + 1} of the box. */
    private void narrow(Image image, Box box, int y, int width) {
        byte[] in = image.rgb();
        int start = 3 * ((box.top() + y) * image.width() + box.left());
        boolean two = y + 1 < box.height();
        int second = two ? start + 3 * image.width() : start;
        int[] upper = row(y);
        int[] lower = row(y + 1);
        if (columns.isIdentity()) {
            copy(in, start + 3 * columns.first()[0], upper, width);
            copy(in, second + 3 * columns.first()[0], lower, width);
            return;
        }
        int length = 3 * box.width();
        for (int x = 0; x < length; x++) {
            pair[x] = in[start + x] & 0xff | (long) (in[second + x] & 0xff) << 32;
        }
        if (columns.stride() <= FEW + 1) {
            fewTaps(upper, lower, width);
        } else {
            manyTaps(upper, lower, width);
        }
        round(upper, 3 * width);
        round(lower, 3 * width);
    }

    private static void copy(byte[] in, int from, int[] out, int width) {
        for (int x = 0, i = from; x < width; x++, i += 3) {
            out[x] = in[i] & 0xff;
            out[x + width] = in[i + 1] & 0xff;
            out[x + 2 * width] = in[i + 2] & 0xff;
        }
    }

    /** Enlarging takes at most four taps: written out, because a loop of four costs more than its work. */
    private void fewTaps(int[] upper, int[] lower, int width) {
        long[] p = pair;
        int[] weights = columns.weights();
        int[] first = columns.first();
        for (int x = 0, k = 0; x < width; x++, k += FEW + 1) {
            int i = 3 * first[x];
            long w0 = weights[k];
            long w1 = weights[k + 1];
            long w2 = weights[k + 2];
            long w3 = weights[k + 3];
            long r = HALVES + p[i] * w0 + p[i + 3] * w1 + p[i + 6] * w2 + p[i + 9] * w3;
            long g = HALVES + p[i + 1] * w0 + p[i + 4] * w1 + p[i + 7] * w2 + p[i + 10] * w3;
            long b = HALVES + p[i + 2] * w0 + p[i + 5] * w1 + p[i + 8] * w2 + p[i + 11] * w3;
            put(r, upper, lower, x);
            put(g, upper, lower, x + width);
            put(b, upper, lower, x + 2 * width);
        }
    }

    private void manyTaps(int[] upper, int[] lower, int width) {
        long[] p = pair;
        int[] weights = columns.weights();
        int stride = columns.stride();
        for (int x = 0; x < width; x++) {
            long r = HALVES;
            long g = HALVES;
            long b = HALVES;
            int i = 3 * columns.first()[x];
            int k = x * stride;
            for (int end = k + columns.count()[x]; k < end; k++, i += 3) {
                long w = weights[k];
                r += p[i] * w;
                g += p[i + 1] * w;
                b += p[i + 2] * w;
            }
            put(r, upper, lower, x);
            put(g, upper, lower, x + width);
            put(b, upper, lower, x + 2 * width);
        }
    }

    /** Takes the two sums apart. The lower one may be negative and has then borrowed from the upper. */
    private static void put(long sums, int[] upper, int[] lower, int at) {
        int low = (int) sums;
        upper[at] = low;
        lower[at] = (int) (sums - low >> 32);
    }

    /** From sums to values, in a loop of its own, which becomes a vector loop. */
    private static void round(int[] sums, int length) {
        for (int x = 0; x < length; x++) {
            sums[x] = Blend.cut(sums[x] >> PRECISION);
        }
    }

    /** The second pass: row y of the result, (3, width). */
    private int[] column(int y, int length) {
        int first = rows.first()[y];
        int count = rows.count()[y];
        if (rows.isIdentity()) {
            return row(first);
        }
        int[] weights = rows.weights();
        int at = y * rows.stride();
        Arrays.fill(sum, 0, length, HALF);
        int k = 0;
        for (; k + FEW <= count; k += FEW) {
            addFour(first + k, weights, at + k, length);
        }
        for (; k < count; k++) {
            addOne(sum, row(first + k), weights[at + k], length);
        }
        round(sum, length);
        return sum;
    }

    /** Arrays of their own, because the compiler makes no vector loop of variable offsets into one array. */
    private void addFour(int y, int[] weights, int k, int length) {
        addFour(
                sum,
                row(y),
                row(y + 1),
                row(y + 2),
                row(y + 3),
                weights[k],
                weights[k + 1],
                weights[k + 2],
                weights[k + 3],
                length);
    }

    private static void addFour(
            int[] sum, int[] r0, int[] r1, int[] r2, int[] r3, int w0, int w1, int w2, int w3, int length) {
        for (int x = 0; x < length; x++) {
            sum[x] += r0[x] * w0 + r1[x] * w1 + r2[x] * w2 + r3[x] * w3;
        }
    }

    private static void addOne(int[] sum, int[] row, int weight, int length) {
        for (int x = 0; x < length; x++) {
            sum[x] += row[x] * weight;
        }
    }

    private static void pack(int[] line, int width, int[] out, int to) {
        for (int x = 0; x < width; x++) {
            out[to + x] = line[x] << 16 | line[x + width] << 8 | line[x + 2 * width];
        }
    }
}
