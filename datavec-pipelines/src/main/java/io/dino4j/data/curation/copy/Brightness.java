package io.dino4j.data.curation.copy;

import java.util.Arrays;

/**
 * Brightness of two images at the same places.
 *
 * @param first of one image at a grid of places
 * @param second of the other there; not a number outside
 */
record Brightness(float[] first, float[] second) {
    /** Places along each side. */
    private static final int GRID = 32;

    /** Places along the side of a part that is compared by itself. */
    private static final int PART = 8;

    /** Variance of brightness below which a part shows nothing, in squared grey levels. */
    private static final double FLAT = 4;

    /** Least number of parts that show something. */
    private static final int LEAST_PARTS = 4;

    static Brightness of(LocalFeatures one, LocalFeatures other, Similarity placement) {
        float[] first = new float[GRID * GRID];
        float[] second = new float[GRID * GRID];
        for (int i = 0, o = 0; i < GRID; i++) {
            for (int j = 0; j < GRID; j++, o++) {
                double x = (j + 0.5) * one.width() / GRID - 0.5;
                double y = (i + 0.5) * one.height() / GRID - 0.5;
                first[o] = at(one, x, y);
                second[o] = at(other, placement.x(x, y), placement.y(x, y));
            }
        }
        return new Brightness(first, second);
    }

    /** Part of the first image that lies over the second. */
    double overlap() {
        int inside = 0;
        for (float value : second) {
            inside += Float.isNaN(value) ? 0 : 1;
        }
        return (double) inside / second.length;
    }

    /**
     * The larger of two correlations: of the whole, and the median of those of the parts. The first is not moved by small shifts, the second not
     * by text or black corners, which touch a few parts only.
     */
    double agreement() {
        double[] parts = new double[GRID / PART * (GRID / PART)];
        int count = 0;
        for (int i = 0; i < GRID; i += PART) {
            for (int j = 0; j < GRID; j += PART) {
                double part = correlation(i, j, PART);
                if (!Double.isNaN(part)) {
                    parts[count++] = part;
                }
            }
        }
        Arrays.sort(parts, 0, count);
        double whole = correlation(0, 0, GRID);
        return Math.max(Double.isNaN(whole) ? 0 : whole, count < LEAST_PARTS ? 0 : parts[count / 2]);
    }

    /** Largest difference where both are, in grey levels. */
    double difference() {
        double most = 0;
        for (int o = 0; o < first.length; o++) {
            if (!Float.isNaN(second[o])) {
                most = Math.max(most, Math.abs(first[o] - second[o]));
            }
        }
        return most;
    }

    /** Not a number if less than half of it lies over the other image, or neither shows anything. */
    private double correlation(int row, int column, int side) {
        double n = 0;
        double p = 0;
        double q = 0;
        double pp = 0;
        double qq = 0;
        double pq = 0;
        for (int i = row; i < row + side; i++) {
            for (int o = i * GRID + column; o < i * GRID + column + side; o++) {
                if (!Float.isNaN(second[o])) {
                    n++;
                    p += first[o];
                    q += second[o];
                    pp += first[o] * first[o];
                    qq += second[o] * second[o];
                    pq += first[o] * second[o];
                }
            }
        }
        double spreadP = pp / n - p / n * p / n;
        double spreadQ = qq / n - q / n * q / n;
        if (2 * n < side * side || spreadP < FLAT && spreadQ < FLAT) {
            return Double.NaN;
        }
        return (pq / n - p / n * q / n) / Math.sqrt(Math.max(spreadP, 1e-3) * Math.max(spreadQ, 1e-3));
    }

    /** Between four pixels; not a number outside the image. */
    private static float at(LocalFeatures image, double x, double y) {
        int width = image.width();
        if (!(x >= 0 && y >= 0 && x <= width - 1 && y <= image.height() - 1)) {
            return Float.NaN;
        }
        int column = (int) Math.min(width - 2, x);
        int row = (int) Math.min(image.height() - 2, y);
        double right = x - column;
        double down = y - row;
        int o = row * width + column;
        byte[] grey = image.grey();
        double above = (grey[o] & 0xff) * (1 - right) + (grey[o + 1] & 0xff) * right;
        double below = (grey[o + width] & 0xff) * (1 - right) + (grey[o + width + 1] & 0xff) * right;
        return (float) (above * (1 - down) + below * down);
    }
}
