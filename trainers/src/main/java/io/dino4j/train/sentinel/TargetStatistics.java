package io.dino4j.train.sentinel;

import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What the teacher's targets are like: each row a distribution over the prototypes. One object serves every look. */
final class TargetStatistics {
    private final float[] row;
    private final double[] mean;
    private double entropy;
    private int rows;

    /**
     * Room for a look.
     *
     * @param prototypes K, at least 2
     */
    TargetStatistics(int prototypes) {
        row = new float[prototypes];
        mean = new double[prototypes];
    }

    /**
     * Measures a step's targets.
     *
     * @param targets {@code [R, K]}, rows that sum to 1
     * @param lastWin {@code [K]}; the entry of every prototype that is the largest of a row becomes {@code look}
     * @param look number of this look
     */
    void measure(INDArray targets, float[] lastWin, float look) {
        FloatRows source = new FloatRows(targets);
        rows = source.rows();
        entropy = 0;
        Arrays.fill(mean, 0);
        for (int r = 0; r < rows; r++) {
            source.read(r, row);
            int largest = 0;
            for (int k = 0; k < row.length; k++) {
                entropy += information(row[k]);
                mean[k] += row[k];
                largest = row[k] > row[largest] ? k : largest;
            }
            lastWin[largest] = look;
        }
    }

    private static double information(double p) {
        return p > 0 ? -p * Math.log(p) : 0;
    }

    /** Mean entropy of a row in nats, 0 (one-hot) to ln K (uniform). */
    double entropy() {
        return entropy / rows;
    }

    /** {@link #entropy()} as a share of ln K. */
    double entropyShare() {
        return entropy() / Math.log(row.length);
    }

    /** Number of prototypes in use: exp of the entropy of the mean row, 1 to K. */
    double prototypesUsed() {
        double sum = 0;
        for (double m : mean) {
            sum += information(m / rows);
        }
        return Math.exp(sum);
    }
}
