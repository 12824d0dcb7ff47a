package io.dino4j.train.eval.classify;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.train.eval.classify.LogisticRegression.Options;
import java.util.SplittableRandom;
import java.util.logging.LogManager;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class LogisticRegressionTest {
    /**
     * One image x = 1 of class 1 of 2: by symmetry W = (-a, a), and the derivative of {@code a^2 + C log(1 + e^(-2a))} is zero where
     * {@code a (1 + e^(2a)) = C}. For a = 1/2 that is C = (1 + e) / 2.
     */
    @Test
    void aProblemWithAClosedSolution() {
        INDArray one = Nd4j.createFromArray(new double[][] {{1}});
        Options options = new Options((1 + Math.E) / 2, false, 1000, 1e-10);
        LogisticRegression fit = LogisticRegression.fit(one, new int[] {1}, 2, options);
        assertArrayEquals(new double[] {-0.5, 0.5}, fit.weights(), 1e-9);
        assertEquals(1 / (1 + Math.exp(-1)), fit.probabilities(one)[0][1], 1e-9);
    }

    /** Images that say nothing: the bias, which costs nothing, makes the shares of the classes. */
    @Test
    void theBiasIsNotKeptSmall() {
        INDArray same = Nd4j.zeros(DataType.FLOAT, 4, 3);
        LogisticRegression fit =
                LogisticRegression.fit(same, new int[] {0, 0, 0, 1}, 2, new Options(1, true, 1000, 1e-10));
        assertArrayEquals(new double[] {0.75, 0.25}, fit.probabilities(same)[2], 1e-8);
    }

    /** At the minimum the gradient is zero, wherever the search began; more images than a block. */
    @Test
    void theMinimumDoesNotDependOnTheStart() {
        SplittableRandom random = new SplittableRandom(5);
        double[][] x = new double[5000][3];
        int[] labels = new int[x.length];
        for (int i = 0; i < x.length; i++) {
            labels[i] = random.nextInt(3);
            for (int j = 0; j < 3; j++) {
                x[i][j] = random.nextDouble() + (labels[i] == j ? 0.3 : 0);
            }
        }
        INDArray features = Nd4j.createFromArray(x);
        Options options = new Options(0.1, false, 1000, 1e-9);
        double[] a = LogisticRegression.fit(features, labels, 3, options).weights();
        double[] start = random.doubles(9, -5, 5).toArray();
        double[] b = LogisticRegression.fit(features, labels, 3, options, start).weights();
        assertArrayEquals(a, b, 1e-6);
        assertTrue(a[0] > 0.5 && a[4] > 0.5 && a[8] > 0.5, "each class has its own direction");
    }

    /** The library would otherwise replace the configuration of the process when it is first used. */
    @Test
    void loggingOfTheProcessIsLeftAlone() {
        Logger mine = Logger.getLogger("dino4j.test");
        int handlers = Logger.getLogger("").getHandlers().length;
        aProblemWithAClosedSolution();
        assertEquals(handlers, Logger.getLogger("").getHandlers().length);
        assertEquals(mine, LogManager.getLogManager().getLogger("dino4j.test"));
        assertEquals(null, System.getProperty("java.util.logging.config.class"));
    }

    @Test
    void wrongUseIsNamed() {
        assertThrows(IllegalArgumentException.class, () -> Options.of(0));
        assertThrows(
                IllegalArgumentException.class,
                () -> LogisticRegression.fit(Nd4j.zeros(2, 3), new int[] {0}, 2, Options.of(1)));
    }

    @Test
    void theGridIsTheOfficialOne() {
        double[] grid = LogisticProtocol.grid();
        assertEquals(45, grid.length);
        assertEquals(1e-6, grid[0], 1e-18);
        assertEquals(Math.pow(10, -0.5), grid[22], 1e-12);
        assertEquals(1e5, grid[44], 1e-6);
    }
}
