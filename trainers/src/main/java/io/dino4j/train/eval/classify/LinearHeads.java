package io.dino4j.train.eval.classify;

import io.dino4j.data.Seed;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.global.openblas;

/**
 * Linear classifiers of one input, one for each learning rate, trained together: one matrix product forward and one back for all of them.
 * Each makes its own mean cross-entropy small by stochastic gradient descent with momentum 0.9 and without weight decay, from normal weights
 * of deviation 0.01 and no bias (official {@code eval/linear.py}); they do not influence each other.
 *
 * <p>Columns of the weights are numbered {@code h K + k}: class {@code k} of head {@code h}.
 */
final class LinearHeads implements AutoCloseable {
    private static final float MOMENTUM = 0.9f;
    private static final double INIT_STD = 0.01;

    /** Numbers below which one thread is done before a second has begun. */
    private static final long PARALLEL = 1 << 17;

    private final int dim;
    private final int classes;
    private final double[] rates;
    private final int columns;
    private final FloatPointer weights; // [columns, D]
    private final FloatPointer velocity; // [columns, D]
    private final float[] bias;
    private final float[] biasVelocity;
    private FloatPointer scores = new FloatPointer();
    private float[] z = {};

    /**
     * Heads before training.
     *
     * @param dim {@code D}, numbers of an input
     * @param classes {@code K}
     * @param rates learning rate of each head at the start
     */
    LinearHeads(int dim, int classes, double[] rates, Seed seed) {
        this.dim = dim;
        this.classes = classes;
        this.rates = rates.clone();
        columns = rates.length * classes;
        long size = (long) columns * dim;
        weights = new FloatPointer(size);
        velocity = new FloatPointer(size);
        Pointer.memset(velocity, 0, size * Float.BYTES);
        bias = new float[columns];
        biasVelocity = new float[columns];
        float[] column = new float[dim];
        for (int c = 0; c < columns; c++) {
            RandomGenerator random = seed.at(0, c);
            for (int i = 0; i < dim; i++) {
                column[i] = (float) (INIT_STD * random.nextGaussian());
            }
            weights.position((long) c * dim).put(column, 0, dim);
        }
        weights.position(0);
    }

    int heads() {
        return rates.length;
    }

    /**
     * Scores of all heads.
     *
     * @param x {@code [rows, stride]}, of which the first {@code D} columns from the pointer's position on are the input
     * @return {@code [rows, columns]}, valid until the next call
     */
    float[] scores(FloatPointer x, int stride, int rows) {
        int length = rows * columns;
        if (z.length < length) {
            z = new float[length];
            scores.close();
            scores = new FloatPointer(length);
        }
        openblas.cblas_sgemm(
                openblas.CblasRowMajor,
                openblas.CblasNoTrans,
                openblas.CblasTrans,
                rows,
                columns,
                dim,
                1f,
                x,
                stride,
                weights,
                dim,
                0f,
                scores,
                columns);
        scores.get(z, 0, length);
        rows(rows).forEach(r -> {
            for (int c = 0; c < columns; c++) {
                z[r * columns + c] += bias[c];
            }
        });
        return z;
    }

    /**
     * One step of all heads.
     *
     * @param x as for {@link #scores}
     * @param labels {@code [rows]}
     * @param factor by which the learning rates have fallen, 0 to 1
     */
    void step(FloatPointer x, int stride, int[] labels, double factor) {
        int rows = labels.length;
        scores(x, stride, rows);
        rows(rows).forEach(r -> {
            for (int h = 0; h < rates.length; h++) {
                gradient(r * columns + h * classes, labels[r]);
            }
        });
        scores.put(z, 0, rows * columns);
        openblas.cblas_sgemm( // the momentum is the product's own factor of what was there
                openblas.CblasRowMajor,
                openblas.CblasTrans,
                openblas.CblasNoTrans,
                columns,
                dim,
                rows,
                1f / rows,
                scores,
                columns,
                x,
                stride,
                MOMENTUM,
                velocity,
                dim);
        for (int h = 0; h < rates.length; h++) {
            float rate = (float) (rates[h] * factor);
            long at = (long) h * classes * dim;
            openblas.cblas_saxpy(classes * dim, -rate, velocity.position(at), 1, weights.position(at), 1);
            for (int c = h * classes; c < (h + 1) * classes; c++) {
                float sum = 0;
                for (int r = 0; r < rows; r++) {
                    sum += z[r * columns + c];
                }
                biasVelocity[c] = MOMENTUM * biasVelocity[c] + sum / rows;
                bias[c] -= rate * biasVelocity[c];
            }
        }
        velocity.position(0);
        weights.position(0);
    }

    /** Several threads where that is worth waiting for the last of them. */
    private IntStream rows(int rows) {
        IntStream all = IntStream.range(0, rows);
        return (long) rows * columns < PARALLEL ? all : all.parallel();
    }

    /** Softmax less the truth, in place. */
    private void gradient(int at, int label) {
        softmax(z, at, classes);
        z[at + label] -= 1;
    }

    /** In place. */
    static void softmax(float[] z, int at, int count) {
        float most = Float.NEGATIVE_INFINITY;
        for (int k = at; k < at + count; k++) {
            most = Math.max(most, z[k]);
        }
        double sum = 0;
        for (int k = at; k < at + count; k++) {
            z[k] = (float) Math.exp(z[k] - most);
            sum += z[k];
        }
        for (int k = at; k < at + count; k++) {
            z[k] /= (float) sum;
        }
    }

    /** The weights of a head: {@code [K, D]}, a copy. */
    float[] weights(int head) {
        float[] copy = new float[classes * dim];
        weights.position((long) head * classes * dim).get(copy);
        weights.position(0);
        return copy;
    }

    /** The bias of a head: {@code [K]}, a copy. */
    float[] bias(int head) {
        return Arrays.copyOfRange(bias, head * classes, (head + 1) * classes);
    }

    @Override
    public void close() {
        weights.close();
        velocity.close();
        scores.close();
    }
}
