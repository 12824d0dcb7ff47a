package io.dino4j.train.sentinel;

import org.nd4j.linalg.api.ndarray.INDArray;

/** How far the features of a batch are spread. Features are scaled to length 1 first. One object serves every look. */
final class FeatureStatistics {
    private static final double EPS = 1e-12; // a row of zeros stays one

    private float[][] unit = new float[0][0];

    /**
     * Takes a step's features.
     *
     * @param features {@code [R, D]}
     */
    void take(INDArray features) {
        FloatRows source = new FloatRows(features);
        if (unit.length != source.rows()) {
            unit = new float[source.rows()][source.columns()];
        }
        for (int r = 0; r < unit.length; r++) {
            source.read(r, unit[r]);
            double norm = Math.max(EPS, Math.sqrt(dot(unit[r], unit[r])));
            for (int d = 0; d < unit[r].length; d++) {
                unit[r][d] = (float) (unit[r][d] / norm);
            }
        }
    }

    /**
     * Standard deviation over the rows, averaged over the channels, times {@code sqrt(D)} (arXiv 2011.10566, figure 2): 1 if the features
     * point in all directions alike, 0 if all rows are the same.
     */
    double deviation() {
        int width = unit[0].length;
        double sum = 0;
        for (int d = 0; d < width; d++) {
            double mean = 0;
            for (float[] row : unit) {
                mean += row[d];
            }
            mean /= unit.length;
            double squares = 0;
            for (float[] row : unit) {
                squares += (row[d] - mean) * (row[d] - mean);
            }
            sum += Math.sqrt(squares / unit.length);
        }
        return sum / width * Math.sqrt(width);
    }

    /**
     * Mean distance from a row to the nearest other row of its group, which KoLeo raises: 0 to 2.
     *
     * @param groups equal parts of the rows, such as 2 for the first and second crops, each of at least two rows
     */
    double nearestDistance(int groups) {
        int size = unit.length / groups;
        double sum = 0;
        for (int r = 0; r < unit.length; r++) {
            int first = r / size * size;
            double closest = Double.POSITIVE_INFINITY;
            for (int other = first; other < first + size; other++) {
                if (other != r) {
                    closest = Math.min(closest, squaredDistance(unit[r], unit[other]));
                }
            }
            sum += Math.sqrt(closest);
        }
        return sum / unit.length;
    }

    private static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int d = 0; d < a.length; d++) {
            sum += (double) a[d] * b[d];
        }
        return sum;
    }

    private static double squaredDistance(float[] a, float[] b) {
        float p = 0; // four sums at once: one would wait for itself at every addition
        float q = 0;
        float s = 0;
        float t = 0;
        int d = 0;
        for (; d + 4 <= a.length; d += 4) {
            p += (a[d] - b[d]) * (a[d] - b[d]);
            q += (a[d + 1] - b[d + 1]) * (a[d + 1] - b[d + 1]);
            s += (a[d + 2] - b[d + 2]) * (a[d + 2] - b[d + 2]);
            t += (a[d + 3] - b[d + 3]) * (a[d + 3] - b[d + 3]);
        }
        for (; d < a.length; d++) {
            p += (a[d] - b[d]) * (a[d] - b[d]);
        }
        return (p + q) + (s + t);
    }
}
