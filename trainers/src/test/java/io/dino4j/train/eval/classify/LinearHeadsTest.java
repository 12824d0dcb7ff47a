package io.dino4j.train.eval.classify;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.dino4j.data.Seed;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.junit.jupiter.api.Test;

final class LinearHeadsTest {
    private static final double RATE = 0.3;

    /** {@code v <- 0.9 v + g, w <- w - rate factor v}, worked out in 64 bits; the input is a part of wider rows. */
    @Test
    void stepsAreThoseOfGradientDescentWithMomentum() {
        float[][] rows = {{9, 1, -2, 9}, {9, 0.5f, 3, 9}, {9, -1, 0.25f, 9}};
        int[] labels = {0, 2, 1};
        try (LinearHeads heads = new LinearHeads(2, 3, new double[] {1e-3, RATE}, new Seed(4));
                FloatPointer x = flat(rows)) {
            double[][] w = weights(heads, 1);
            double[][] v = new double[3][3];
            x.position(1);
            for (int step = 0; step < 4; step++) {
                double factor = 1 - 0.2 * step;
                heads.step(x, 4, labels, factor);
                double[][] g = new double[3][3];
                for (int r = 0; r < rows.length; r++) {
                    double[] input = {rows[r][1], rows[r][2], 1};
                    double[] p = new double[3];
                    for (int k = 0; k < 3; k++) {
                        p[k] = Math.exp(w[k][0] * input[0] + w[k][1] * input[1] + w[k][2]);
                    }
                    double sum = Arrays.stream(p).sum();
                    for (int k = 0; k < 3; k++) {
                        for (int i = 0; i < 3; i++) {
                            g[k][i] += (p[k] / sum - (labels[r] == k ? 1 : 0)) * input[i] / rows.length;
                        }
                    }
                }
                for (int k = 0; k < 3; k++) {
                    for (int i = 0; i < 3; i++) {
                        v[k][i] = 0.9 * v[k][i] + g[k][i];
                        w[k][i] -= RATE * factor * v[k][i];
                    }
                }
                double[][] ours = weights(heads, 1);
                for (int k = 0; k < 3; k++) {
                    assertArrayEquals(w[k], ours[k], 1e-6, "step " + step);
                }
            }
        }
    }

    private static double[][] weights(LinearHeads heads, int head) {
        float[] w = heads.weights(head);
        float[] b = heads.bias(head);
        double[][] all = new double[b.length][];
        for (int k = 0; k < b.length; k++) {
            all[k] = new double[] {w[2 * k], w[2 * k + 1], b[k]};
        }
        return all;
    }

    private static FloatPointer flat(float[][] rows) {
        FloatPointer x = new FloatPointer((long) rows.length * rows[0].length);
        for (int r = 0; r < rows.length; r++) {
            x.position((long) r * rows[0].length).put(rows[r], 0, rows[r].length);
        }
        return x.position(0);
    }

    @Test
    void weightsStartSmallAndWithoutBias() {
        try (LinearHeads heads = new LinearHeads(1000, 4, new double[] {0.1}, new Seed(0))) {
            float[] w = heads.weights(0);
            double squares = 0;
            for (float one : w) {
                squares += one * one;
            }
            assertEquals(0.01, Math.sqrt(squares / w.length), 0.0005);
            assertArrayEquals(new float[4], heads.bias(0));
        }
    }

    @Test
    void inputsAreTheOfficialFour() {
        assertEquals(
                List.of(
                        new FeatureInput("last block", 6, 8),
                        new FeatureInput("last block + mean", 6, 10),
                        new FeatureInput("last 4 blocks", 0, 8),
                        new FeatureInput("last 4 blocks + mean", 0, 10)),
                FeatureInput.ofTokens(4, 10));
        assertEquals(2, FeatureInput.ofTokens(1, 4).size());
    }
}
