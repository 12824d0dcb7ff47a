package io.dino4j.graph.kernel.onednn;

import io.dino4j.graph.kernel.Collective;
import java.nio.DoubleBuffer;
import java.util.Arrays;
import java.util.function.Consumer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The iterations of Sinkhorn-Knopp on {@code Q_rk = a_r E_rk b_k}: E stays as it is, only the vectors a and b change.
 * They are kept in double, since they make up for rows and columns of any size. A row is scaled and added to the column
 * sums while it is in cache, so n iterations read E n + 1 times. The bulk of the arithmetic is in float, which the
 * compiler vectorises; a row whose scale is far from its neighbours', or columns of very different sums, fall back to
 * double.
 */
final class Balance implements Runnable {
    /**
     * Keeps {@code exp} of the scale of a row above zero in double: such rows count for nothing, yet sum to 1 in the
     * end.
     */
    private static final double LEAST_LOG_SCALE = -600;

    /** How far apart scales may be for float arithmetic. */
    private static final double RANGE = 1e12;

    /** Rows that are added up in float before they go to the double sums. */
    private static final int BATCH = 32;

    private final Floats e;
    private final Floats tau;
    private final Ints valid;
    private final double[] maxima;
    private final int width;
    private final int iterations;
    private final Collective collective;
    private final INDArray shared;
    private final DoubleBuffer buffer;
    private final double[] a;
    private final double[] b;
    private final double[] sums;
    private final float[] relative;
    private final Part[] parts;
    private final RowLoop totals;
    private final RowLoop columns;
    private final RowLoop finish;

    /** {@code b = unit * relative} where that holds in float. */
    private double unit;

    private boolean narrow;

    /** Rows that count, here and on all workers. */
    private int n;

    private double samples;

    /** Whether the pass over the columns balances the samples of the iteration before. */
    private boolean balanceRows;

    /**
     * A step of a program.
     *
     * @param e {@code [R, K]}, rows scaled to a largest element of 1; becomes the targets
     * @param maxima what was subtracted from the logits of each row, filled by an earlier step
     */
    Balance(Floats e, Floats tau, Ints valid, double[] maxima, int width, int iterations, Collective collective) {
        this.e = e;
        this.tau = tau;
        this.valid = valid;
        this.maxima = maxima;
        this.width = width;
        this.iterations = iterations;
        this.collective = collective;
        shared = Nd4j.create(DataType.DOUBLE, width);
        buffer = TargetKernels.doubles(shared);
        a = new double[maxima.length];
        b = new double[width];
        sums = new double[width];
        relative = new float[width];
        parts = new Part[RowLoop.threads(maxima.length, width)];
        Arrays.setAll(parts, Part::new);
        totals = loop(Part::total);
        columns = loop(Part::columns);
        finish = loop(Part::finish);
    }

    private RowLoop loop(Consumer<Part> work) {
        RowLoop.RowStep[] bodies = new RowLoop.RowStep[parts.length];
        Arrays.fill(bodies, (RowLoop.RowStep) i -> work.accept(parts[i]));
        return new RowLoop(0, parts.length, bodies);
    }

    @Override
    public void run() {
        n = Math.min(maxima.length, valid.scalar());
        samples = collective.sum((double) n);
        start();
        for (int i = 0; i < iterations; i++) {
            balanceRows = i > 0;
            balanceColumns();
        }
        finish.run();
        e.zero(n, maxima.length, parts[0].block);
    }

    /** Scales of the rows: the exponential of their largest logit, relative to that of all workers. */
    private void start() {
        double most = Double.NEGATIVE_INFINITY;
        for (int r = 0; r < n; r++) {
            most = Math.max(most, maxima[r]);
        }
        most = collective.max(most);
        for (int r = 0; r < n; r++) {
            a[r] = Math.exp(Math.max((maxima[r] - most) / tau.get(0, 0), LEAST_LOG_SCALE));
        }
        Arrays.fill(b, 1);
        range();
        if (iterations == 0) {
            totals.run();
            double total = 0;
            for (Part part : parts) {
                total += part.total;
            }
            total = collective.sum(total);
            for (int r = 0; r < n; r++) {
                a[r] /= total;
            }
        }
    }

    /** Balances the prototypes; before that, in the same pass, the samples of the iteration before. */
    private void balanceColumns() {
        columns.run();
        Arrays.fill(sums, 0);
        for (Part part : parts) {
            for (int k = 0; k < width; k++) {
                sums[k] += part.sums[k];
            }
        }
        buffer.put(0, sums);
        collective.sum(shared);
        buffer.get(0, sums);
        for (int k = 0; k < width; k++) {
            // a prototype that no sample has any probability for stays at zero
            b[k] = sums[k] > 0 ? 1 / (sums[k] * width) : 0;
        }
        range();
    }

    /** Whether {@code b} fits float, and b in float if it does. */
    private void range() {
        double most = 0;
        double least = Double.POSITIVE_INFINITY;
        for (double x : b) {
            most = Math.max(most, x);
            least = x > 0 ? Math.min(least, x) : least;
        }
        narrow = most < least * RANGE;
        unit = most;
        for (int k = 0; narrow && k < width; k++) {
            relative[k] = (float) (b[k] / most);
        }
    }

    /** The rows of one thread, with working memory of its own. */
    private final class Part {
        private final int index;
        private final float[] block = new float[width];
        private final float[] partial = new float[width];
        private final double[] sums = new double[width];
        private final Reduce reduce = new Reduce();
        private double total;

        Part(int index) {
            this.index = index;
        }

        private int from() {
            return (int) ((long) index * n / parts.length);
        }

        private int to() {
            return (int) ((index + 1L) * n / parts.length);
        }

        void total() {
            total = 0;
            for (int r = from(); r < to(); r++) {
                e.get(r, 0, block, 0, width);
                total += a[r] * rowSum();
            }
        }

        void columns() {
            Arrays.fill(sums, 0);
            double reference = 0;
            int pending = 0;
            for (int r = from(); r < to(); r++) {
                e.get(r, 0, block, 0, width);
                if (balanceRows) {
                    a[r] = 1 / (rowSum() * samples);
                }
                if (pending == BATCH) {
                    flush(reference);
                    pending = 0;
                }
                if (pending == 0) {
                    reference = a[r];
                }
                double ratio = a[r] / reference;
                if (ratio < RANGE && ratio > 1 / RANGE) {
                    addScaled(partial, block, (float) ratio);
                    pending++;
                } else {
                    addScaled(sums, block, a[r]);
                }
            }
            if (pending > 0) {
                flush(reference);
            }
        }

        private void flush(double reference) {
            for (int k = 0; k < width; k++) {
                sums[k] += reference * partial[k];
            }
            Arrays.fill(partial, 0);
        }

        void finish() {
            for (int r = from(); r < to(); r++) {
                e.get(r, 0, block, 0, width);
                double scale = samples * (iterations > 0 ? 1 / (rowSum() * samples) : a[r]);
                if (narrow) {
                    scale(block, relative, (float) (scale * unit));
                } else {
                    for (int k = 0; k < width; k++) {
                        block[k] = (float) (scale * block[k] * b[k]);
                    }
                }
                e.put(r, 0, block, 0, width);
            }
        }

        /** {@code sum_k E_rk b_k} of the row in the block. */
        private double rowSum() {
            if (narrow) {
                return unit * reduce.dot(block, 0, relative, 0, width);
            }
            double sum = 0;
            for (int k = 0; k < width; k++) {
                sum += block[k] * b[k];
            }
            return sum;
        }
    }

    private static void scale(float[] x, float[] by, float factor) {
        for (int k = 0; k < x.length; k++) {
            x[k] *= by[k] * factor;
        }
    }

    private static void addScaled(float[] sum, float[] x, float factor) {
        for (int k = 0; k < x.length; k++) {
            sum[k] += factor * x[k];
        }
    }

    private static void addScaled(double[] sum, float[] x, double factor) {
        for (int k = 0; k < x.length; k++) {
            sum[k] += factor * x[k];
        }
    }
}
