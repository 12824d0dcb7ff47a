package io.dino4j.train.eval.classify;

import cc.mallet.optimize.BackTrackLineSearch;
import cc.mallet.optimize.LimitedMemoryBFGS;
import cc.mallet.optimize.OptimizationException;
import cc.mallet.util.MalletLogger;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Multinomial logistic regression with an L2 penalty: the minimum of {@code |W|^2 / 2 + C sum_i CE(softmax(W^T x_i + b), y_i)}, found by
 * L-BFGS in 64 bits. The optimiser is MALLET's; the objective is strictly convex in W, so that others come to the same weights.
 *
 * @param weights {@code [D, K]}, row by row, then {@code b [K]} if there is a bias
 * @param dim {@code D}
 * @param classes {@code K}
 * @param iterations until the gradient was small enough, or no better point could be found
 */
public record LogisticRegression(double[] weights, int dim, int classes, int iterations) {
    /** Length of the gradient at which MALLET stops; a constant there. */
    private static final double MALLET_GRADIENT = 1e-3;

    /** Of a weight: as small as means something in 64 bits; the library's own of 1e-4 ends the search far from the minimum. */
    private static final double SMALLEST_STEP = 1e-14;

    /** Held, or the level would be forgotten: the library tells of every run. */
    private static final Logger MALLET = quiet();

    private static Logger quiet() {
        String key = "java.util.logging.config.class";
        boolean free = System.getProperty(key) == null;
        if (free) { // or it would replace the logging configuration of the whole process
            System.setProperty(key, LogisticRegression.class.getName());
        }
        Logger logger = MalletLogger.getLogger("cc.mallet");
        logger.setLevel(Level.OFF);
        Logger.getLogger(LimitedMemoryBFGS.class.getName()).setParent(logger);
        if (free) {
            System.clearProperty(key);
        }
        return logger;
    }

    /**
     * How it is fitted.
     *
     * @param c {@code C}, weight of the data against the penalty, above 0
     * @param bias whether there is a bias, without penalty
     * @param mostIterations 1 or more (official {@code max_iter}: 1000)
     * @param tolerance length of the gradient over that at the origin at which to stop, above 0
     */
    public record Options(double c, boolean bias, int mostIterations, double tolerance) {
        /** Checks the numbers. */
        public Options {
            if (!(c > 0) || mostIterations < 1 || !(tolerance > 0)) {
                throw new IllegalArgumentException("C, iterations and tolerance must be above 0, got %s, %d and %s"
                        .formatted(c, mostIterations, tolerance));
            }
        }

        /** With a bias, at most 1000 iterations, and the relative gradient at 1e-6. */
        public static Options of(double c) {
            return new Options(c, true, 1000, 1e-6);
        }
    }

    /**
     * Fits from the origin.
     *
     * @see #fit(INDArray, int[], int, Options, double[])
     */
    public static LogisticRegression fit(INDArray features, int[] labels, int classes, Options options) {
        int length = LogisticObjective.parameters((int) features.size(1), classes, options.bias());
        return fit(features, labels, classes, options, new double[length]);
    }

    /**
     * Fits.
     *
     * @param features {@code [N, D]} of any type
     * @param labels {@code [N]}, from 0
     * @param classes {@code K}, 2 or more
     * @param start weights to begin from, such as those of a neighbouring C
     */
    public static LogisticRegression fit(
            INDArray features, int[] labels, int classes, Options options, double[] start) {
        if (features.rank() != 2 || features.size(0) != labels.length || labels.length == 0 || classes < 2) {
            throw new IllegalArgumentException("expected features [N, D] of N labelled images of 2 classes or more");
        }
        INDArray x = features.dataType() == DataType.DOUBLE
                ? features.dup('c')
                : features.castTo(DataType.DOUBLE).dup('c');
        int dim = (int) x.size(1);
        double[] origin = new double[start.length];
        double first = new LogisticObjective(x, labels, classes, options.bias(), options.c(), origin).gradientNorm();
        LogisticObjective objective = new LogisticObjective(x, labels, classes, options.bias(), options.c(), start);
        objective.scale(MALLET_GRADIENT / (options.tolerance() * Math.max(first, Double.MIN_NORMAL)));
        int iterations = maximize(objective, options.mostIterations());
        double[] weights = new double[start.length];
        objective.getParameters(weights);
        x.close();
        return new LogisticRegression(weights, dim, classes, iterations);
    }

    /** Again from where it stopped, while that helps: what it remembers of the curvature may mislead it. */
    private static synchronized int maximize(
            LogisticObjective objective, int most) { // it keeps a step in a static field
        int iterations = 0;
        for (int attempt = 0; attempt < 3 && iterations < most; attempt++) {
            LimitedMemoryBFGS optimizer = new LimitedMemoryBFGS(objective);
            optimizer.setTolerance(0);
            BackTrackLineSearch line = new BackTrackLineSearch(objective);
            line.setAbsTolx(SMALLEST_STEP);
            line.setRelTolx(SMALLEST_STEP);
            optimizer.setLineOptimizer(line);
            try {
                optimizer.optimize(most - iterations);
            } catch (OptimizationException | IllegalArgumentException e) {
                // no better point along the line: rounding has the last word, or a fresh start finds one
            }
            iterations += Math.max(1, optimizer.getIteration());
            if (objective.gradientNorm() < MALLET_GRADIENT) {
                break;
            }
        }
        return iterations;
    }

    /**
     * Probabilities of classes.
     *
     * @param features {@code [M, D]} of any type
     * @return {@code [M, K]}, rows sum to 1
     */
    public double[][] probabilities(INDArray features) {
        INDArray w = Nd4j.createFromArray(weights)
                .get(NDArrayIndex.interval(0, (long) dim * classes))
                .reshape(dim, classes);
        double[][] rows = features.castTo(DataType.DOUBLE).mmul(w).toDoubleMatrix();
        boolean bias = weights.length > dim * classes;
        for (double[] row : rows) {
            for (int k = 0; bias && k < classes; k++) {
                row[k] += weights[dim * classes + k];
            }
            LogisticObjective.softmax(row, 0, classes, 1);
        }
        return rows;
    }
}
