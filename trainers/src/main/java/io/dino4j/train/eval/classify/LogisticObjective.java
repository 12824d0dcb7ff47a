package io.dino4j.train.eval.classify;

import cc.mallet.optimize.Optimizable;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.openblas.global.openblas;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What multinomial logistic regression makes small, with the sign turned as MALLET climbs, and a factor that makes its fixed bound on the length
 * of the gradient a relative one:
 *
 * <p>{@code f(W, b) = -factor (|W|^2 / 2 + C sum_i -log softmax(W^T x_i + b)[y_i])}
 *
 * <p>The parameters are {@code W [D, K]}, row by row, then {@code b [K]} if there is a bias, which is not kept small. Images go through in
 * blocks, so that memory depends on the features alone.
 */
final class LogisticObjective implements Optimizable.ByGradientValue {
    private static final int BLOCK = 4096;

    private final INDArray features; // [N, D] DOUBLE
    private final int[] labels;
    private final int dim;
    private final int classes;
    private final boolean bias;
    private final double c;
    private final double[] parameters;
    private final double[] gradient;
    private double factor = 1;
    private double value;
    private boolean known;

    /**
     * The objective on some images.
     *
     * @param features {@code [N, D]} DOUBLE, contiguous in C order
     * @param labels {@code [N]}, from 0
     * @param start where to begin, as long as the parameters
     * @param c {@code C}, weight of the data
     */
    LogisticObjective(INDArray features, int[] labels, int classes, boolean bias, double c, double[] start) {
        this.features = features;
        this.labels = labels;
        this.dim = (int) features.size(1);
        this.classes = classes;
        this.bias = bias;
        this.c = c;
        parameters = start.clone();
        gradient = new double[parameters.length];
    }

    static int parameters(int dim, int classes, boolean bias) {
        return (dim + (bias ? 1 : 0)) * classes;
    }

    /** Multiplies value and gradient from now on. */
    void scale(double by) {
        factor = by;
        known = false;
    }

    private void compute() {
        if (known) {
            return;
        }
        Arrays.fill(gradient, 0);
        double loss = 0;
        int n = labels.length;
        double[] z = new double[Math.min(BLOCK, n) * classes];
        try (DoublePointer all = new DoublePointer(features.data().addressPointer());
                DoublePointer scores = new DoublePointer(z.length);
                DoublePointer weights = new DoublePointer(parameters);
                DoublePointer sums = new DoublePointer(new double[dim * classes])) {
            for (int first = 0; first < n; first += BLOCK) {
                int rows = Math.min(BLOCK, n - first);
                DoublePointer x = new DoublePointer(all).position((long) first * dim);
                multiply(false, rows, classes, dim, 1, x, dim, weights, 0, scores);
                scores.get(z, 0, rows * classes);
                loss += softmax(z, first, rows);
                scores.put(z, 0, rows * classes);
                multiply(true, dim, classes, rows, c, x, dim, scores, 1, sums);
                for (int i = 0; bias && i < rows * classes; i++) {
                    gradient[dim * classes + i % classes] += c * z[i];
                }
            }
            sums.get(gradient, 0, dim * classes);
        }
        double squares = 0;
        for (int i = 0; i < dim * classes; i++) {
            squares += parameters[i] * parameters[i];
            gradient[i] += parameters[i];
        }
        value = -factor * (squares / 2 + c * loss);
        for (int i = 0; i < gradient.length; i++) {
            gradient[i] *= -factor;
        }
        known = true;
    }

    /** {@code out = alpha op(a) b + beta out}, {@code [m, n]}, {@code k} products in a sum, row by row. */
    private static void multiply(
            boolean transposed,
            int m,
            int n,
            int k,
            double alpha,
            DoublePointer a,
            int lda,
            DoublePointer b,
            double beta,
            DoublePointer out) {
        openblas.cblas_dgemm(
                openblas.CblasRowMajor,
                transposed ? openblas.CblasTrans : openblas.CblasNoTrans,
                openblas.CblasNoTrans,
                m,
                n,
                k,
                alpha,
                a,
                lda,
                b,
                n,
                beta,
                out,
                n);
    }

    /** Turns scores into probabilities less the truth; returns the sum of losses. */
    private double softmax(double[] z, int first, int rows) {
        double[] losses = new double[rows];
        IntStream.range(0, rows).parallel().forEach(r -> {
            int at = r * classes;
            if (bias) {
                for (int k = 0; k < classes; k++) {
                    z[at + k] += parameters[dim * classes + k];
                }
            }
            double score = z[at + labels[first + r]];
            double log = softmax(z, at, classes, 1);
            losses[r] = log - score;
            z[at + labels[first + r]] -= 1;
        });
        return Arrays.stream(losses).sum();
    }

    /** Softmax in place of {@code count} numbers; returns the logarithm of the sum of exponentials. */
    static double softmax(double[] z, int at, int count, int stride) {
        double most = Double.NEGATIVE_INFINITY;
        for (int k = 0; k < count; k++) {
            most = Math.max(most, z[at + k * stride]);
        }
        double sum = 0;
        for (int k = 0; k < count; k++) {
            z[at + k * stride] = Math.exp(z[at + k * stride] - most);
            sum += z[at + k * stride];
        }
        for (int k = 0; k < count; k++) {
            z[at + k * stride] /= sum;
        }
        return most + Math.log(sum);
    }

    /** Length of the gradient. */
    double gradientNorm() {
        compute();
        return Math.sqrt(Arrays.stream(gradient).map(g -> g * g).sum());
    }

    @Override
    public double getValue() {
        compute();
        return value;
    }

    @Override
    public void getValueGradient(double[] into) {
        compute();
        System.arraycopy(gradient, 0, into, 0, gradient.length);
    }

    @Override
    public int getNumParameters() {
        return parameters.length;
    }

    @Override
    public void getParameters(double[] into) {
        System.arraycopy(parameters, 0, into, 0, parameters.length);
    }

    @Override
    public double getParameter(int i) {
        return parameters[i];
    }

    @Override
    public void setParameters(double[] from) {
        System.arraycopy(from, 0, parameters, 0, parameters.length);
        known = false;
    }

    @Override
    public void setParameter(int i, double v) {
        parameters[i] = v;
        known = false;
    }
}
