package io.dino4j.train.eval.dense;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.dino4j.data.Seed;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Values worked out by hand, and gradients against central differences in double. */
@Tag("gradcheck")
final class HeadLossTest {
    private static final DepthBins THREE = new DepthBins(3, 1, 5);

    @Test
    void crossEntropyOfTwoPixels() {
        // softmax(0, ln 3) = (1/4, 3/4)
        double[] logits = {0, Math.log(3), 0, Math.log(3)};
        double loss = new ClassLoss(2).backward(logits, new float[] {1, 0});
        assertEquals((Math.log(4.0 / 3) + Math.log(4)) / 2, loss, 1e-12);
        double[] gradient = {0.125, -0.125, -0.375, 0.375};
        for (int i = 0; i < 4; i++) {
            assertEquals(gradient[i], logits[i], 1e-12);
        }
    }

    @Test
    void depthIsTheMeanOfBins() {
        assertEquals(1, THREE.depth(0));
        assertEquals(3, THREE.depth(1));
        assertEquals(5, THREE.depth(2));
        // weights 0.1, 1.1, 0.3: (0.1 + 3.3 + 1.5) / 1.5
        assertEquals(4.9 / 1.5, THREE.depth(new double[] {-7, 1, 0.2}, 0), 1e-12);
        assertEquals(4.9 / 1.5, THREE.depth(new float[] {9, -7, 1, 0.2f}, 1), 1e-6);
    }

    /** With all weights equal the depth is 3: g is log(3.001 / 1.001) and 0, so mean m / 2 and variance m^2 / 2. */
    @Test
    void lossOfDepthByHand() {
        double m = Math.log(3.001 / 1.001);
        double loss = new DepthLoss(THREE).backward(new double[6], new float[] {1, 3});
        assertEquals(Math.sqrt(m * m / 2 + 0.15 * m * m / 4), loss, 1e-7);
    }

    @Test
    void aPerfectDepthHasNoGradient() {
        double[] logits = new double[6];
        assertEquals(0, new DepthLoss(THREE).backward(logits, new float[] {3, 3}), 1e-12);
        for (double g : logits) {
            assertEquals(0, g, 1e-12);
        }
    }

    @Test
    void gradientOfCrossEntropy() {
        check(new ClassLoss(5), new float[] {0, 4, 2, 2});
    }

    @Test
    void gradientOfDepth() {
        check(new DepthLoss(new DepthBins(7, 0.5, 9)), new float[] {0.7f, 4, 2.5f, 8});
    }

    @Test
    void rangesAreChecked() {
        assertThrows(IllegalArgumentException.class, () -> new DepthBins(256, 0.001, 0));
        assertThrows(IllegalArgumentException.class, () -> new DepthLoss(THREE).backward(new double[3], new float[1]));
    }

    private static void check(HeadLoss loss, float[] truth) {
        RandomGenerator random = new Seed(1).at(0, 0);
        double[] z = random.doubles((long) truth.length * loss.outputs(), -2, 2).toArray();
        double[] gradient = z.clone();
        loss.backward(gradient, truth);
        double h = 1e-6;
        for (int i = 0; i < z.length; i++) {
            double[] up = z.clone();
            double[] down = z.clone();
            up[i] += h;
            down[i] -= h;
            double slope = (loss.backward(up, truth) - loss.backward(down, truth)) / (2 * h);
            assertEquals(slope, gradient[i], 1e-8 + 1e-6 * Math.abs(slope), "entry " + i);
        }
    }
}
