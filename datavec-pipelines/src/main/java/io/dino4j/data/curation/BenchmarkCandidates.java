package io.dino4j.data.curation;

import io.dino4j.data.curation.copy.ExactCopies;
import io.dino4j.data.vector.Neighbors;
import java.util.Arrays;

/** Rows of a pool with images of a benchmark that they are near to, the nearest of a row first. */
final class BenchmarkCandidates {
    private final ExactCopies exact;
    private int[] row = new int[16];
    private int[] match = new int[16];
    private float[] similarity = new float[16];
    private int count;

    /** Of rows with the same bytes only the first is a candidate. */
    BenchmarkCandidates(ExactCopies exact) {
        this.exact = exact;
    }

    /** Adds what was found for rows {@code first, first + 1, ...}. */
    void add(int first, Neighbors found) {
        for (int n = 0; n < found.index().length; n++) {
            int of = first + n / found.k();
            if (found.index()[n] >= 0 && exact.first()[of] == of) {
                add(of, found.index()[n], found.similarity()[n]);
            }
        }
    }

    private void add(int of, int near, float cosine) {
        if (count == row.length) {
            row = Arrays.copyOf(row, 2 * count);
            match = Arrays.copyOf(match, 2 * count);
            similarity = Arrays.copyOf(similarity, 2 * count);
        }
        row[count] = of;
        match[count] = near;
        similarity[count++] = cosine;
    }

    /** Rows of the pool, (E). */
    int[] rows() {
        return Arrays.copyOf(row, count);
    }

    /** Images of the benchmark, (E). */
    int[] matches() {
        return Arrays.copyOf(match, count);
    }

    /** Inner product of pair e. */
    float similarity(int e) {
        return similarity[e];
    }
}
