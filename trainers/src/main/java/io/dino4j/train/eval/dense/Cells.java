package io.dino4j.train.eval.dense;

/**
 * Bilinear interpolation between the middles of the cells of a grid, as of {@code interpolate(mode="bilinear", align_corners=False)}:
 * beyond the middles of the outermost cells nothing changes.
 *
 * @param first cell on the lower side
 * @param second cell on the upper side
 * @param share of the second, 0 to 1
 */
record Cells(int first, int second, float share) {
    /**
     * The cells beside a place.
     *
     * @param place from 0 to 1 along the side
     * @param cells in the side
     */
    static Cells at(double place, int cells) {
        double at = Math.max(0, Math.min(cells - 1, place * cells - 0.5));
        int first = (int) at;
        return new Cells(first, Math.min(first + 1, cells - 1), (float) (at - first));
    }

    /** Those of all pixels of a side. */
    static Cells[] ofPixels(int pixels, int cells) {
        Cells[] all = new Cells[pixels];
        for (int p = 0; p < pixels; p++) {
            all[p] = at((p + 0.5) / pixels, cells);
        }
        return all;
    }

    /**
     * A row of a grid at another height and width.
     *
     * @param grid {@code [h, w, K]}
     * @param w cells in a row
     * @param k numbers of a cell
     * @param y where the row lies
     * @param xs where its pixels lie
     * @param out {@code [xs, K]}
     */
    static void row(float[] grid, int w, int k, Cells y, Cells[] xs, float[] out) {
        int upper = y.first * w * k;
        int lower = y.second * w * k;
        for (int x = 0; x < xs.length; x++) {
            Cells c = xs[x];
            float right = c.share;
            float down = y.share;
            float a = (1 - down) * (1 - right);
            float b = (1 - down) * right;
            float d = down * (1 - right);
            float e = down * right;
            int left = c.first * k;
            int far = c.second * k;
            for (int i = 0; i < k; i++) {
                out[x * k + i] = a * grid[upper + left + i]
                        + b * grid[upper + far + i]
                        + d * grid[lower + left + i]
                        + e * grid[lower + far + i];
            }
        }
    }

    /** A grid at another size: {@code [h, w, 1]} to {@code [height, width]}. */
    static float[] resize(float[] grid, int h, int w, int height, int width) {
        Cells[] xs = ofPixels(width, w);
        float[] out = new float[height * width];
        float[] row = new float[width];
        for (int y = 0; y < height; y++) {
            row(grid, w, 1, at((y + 0.5) / height, h), xs, row);
            System.arraycopy(row, 0, out, y * width, width);
        }
        return out;
    }
}
