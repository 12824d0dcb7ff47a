package io.dino4j.data.curation.copy;

import java.util.Arrays;

/**
 * Key points of two images that look alike and like nothing else.
 *
 * @param from (M) positions in the first image's list
 * @param to (M) positions in the second image's list
 */
record Matches(int[] from, int[] to) {
    /** Lowe's ratio test: largest distance of the nearest, as a part of that of the second nearest. Wide: geometry has the last word. */
    private static final double RATIO = 0.9;

    int count() {
        return from.length;
    }

    static Matches between(LocalFeatures one, LocalFeatures other, float[] columns) {
        int n = one.count();
        int m = other.count();
        int[] from = new int[n];
        int[] to = new int[n];
        int count = 0;
        float[] cosines = new float[m];
        for (int i = 0; i < n && m > 1; i++) {
            cosines(one.descriptors(), i, columns, cosines);
            int best = cosines[0] >= cosines[1] ? 0 : 1;
            int second = 1 - best;
            for (int j = 2; j < m; j++) {
                if (cosines[j] > cosines[second]) {
                    if (cosines[j] > cosines[best]) {
                        second = best;
                        best = j;
                    } else {
                        second = j;
                    }
                }
            }
            // squared distances of vectors of length 1
            if (1 - cosines[best] <= RATIO * RATIO * (1 - cosines[second])) {
                from[count] = i;
                to[count++] = best;
            }
        }
        return new Matches(Arrays.copyOf(from, count), Arrays.copyOf(to, count));
    }

    /** Written as sums of columns, so that the compiler makes vector loops without changing the order of a sum. */
    private static void cosines(float[] descriptors, int row, float[] columns, float[] out) {
        int m = out.length;
        Arrays.fill(out, 0);
        for (int k = 0; k < LocalFeatures.LENGTH; k++) {
            float q = descriptors[row * LocalFeatures.LENGTH + k];
            if (q != 0) {
                int at = k * m;
                for (int j = 0; j < m; j++) {
                    out[j] += q * columns[at + j];
                }
            }
        }
    }
}
