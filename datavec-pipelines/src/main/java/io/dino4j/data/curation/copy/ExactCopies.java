package io.dino4j.data.curation.copy;

import io.dino4j.data.source.Manifest;
import java.util.Arrays;
import java.util.function.IntFunction;

/**
 * Files that are the same byte for byte, by their hashes; to be found before anything is embedded.
 *
 * @param first (N) for each row the first row with the same bytes; the row itself if there is none before it
 */
public record ExactCopies(int[] first) {
    /** Those of a manifest. */
    public static ExactCopies of(Manifest manifest) {
        return of(manifest.size(), i -> manifest.row(i).sha256());
    }

    /**
     * Those among hashes.
     *
     * @param size N
     * @param sha256 64 hexadecimal digits of each row
     */
    public static ExactCopies of(int size, IntFunction<String> sha256) {
        long[] keys = new long[size];
        for (int i = 0; i < size; i++) {
            keys[i] = Long.parseUnsignedLong(sha256.apply(i), 0, 16, 16);
        }
        int[] order = Order.of(keys);
        int[] first = new int[size];
        for (int i = 0; i < size; i++) {
            int row = order[i];
            first[row] = row;
            // a few at most: equal beginnings of 64 bits are nearly always equal hashes
            for (int j = i - 1; j >= 0 && keys[order[j]] == keys[row]; j--) {
                int before = first[order[j]];
                if (sha256.apply(before).equals(sha256.apply(row))) {
                    first[row] = before;
                    break;
                }
            }
        }
        return new ExactCopies(first);
    }

    /** Returns the rows that are the first of their kind, in order. */
    public int[] distinct() {
        int count = 0;
        int[] rows = new int[first.length];
        for (int i = 0; i < first.length; i++) {
            if (first[i] == i) {
                rows[count++] = i;
            }
        }
        return Arrays.copyOf(rows, count);
    }
}
