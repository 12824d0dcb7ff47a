package io.dino4j.graph.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_exp;

import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.op.Sinkhorn;
import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Targets from teacher logits. The number of valid rows is read when a program runs; the others come back as zeros. */
final class TargetKernels {
    /** Keeps {@code exp} of the scale of a row above zero in double: such rows count for nothing, yet sum to 1 in the end. */
    private static final double LEAST_LOG_SCALE = -600;

    private TargetKernels() {}

    static void centeredSoftmax(Program p) {
        Tensor logits = p.in(0);
        int rows = (int) logits.rows();
        int width = (int) logits.columns();
        int chunk = LossKernels.chunk(rows, width);
        Floats t = Floats.of(logits);
        Floats center = Floats.of(p.in(1));
        Floats tau = Floats.of(p.in(2));
        Ints valid = Ints.of(p.call().in(3));
        Tensor targets = p.outOrScratch(0, rows, width);
        Floats out = Floats.of(targets);
        Primitives does = new Primitives(p);
        float[] a = new float[width];
        float[] c = new float[width];
        p.then(() -> {
            center.get(0, 0, c, 0, width);
            float scale = 1 / tau.get(0, 0);
            int n = Math.min(rows, valid.scalar());
            for (int r = 0; r < n; r++) {
                t.get(r, 0, a, 0, width);
                for (int k = 0; k < width; k++) {
                    a[k] = (a[k] - c[k]) * scale;
                }
                out.put(r, 0, a, 0, width);
            }
            out.zero(n, rows, a);
        });
        for (int from = 0; from < rows; from += chunk) {
            Tensor part = targets.rows(from, Math.min(chunk, rows - from));
            does.softmax(part, part);
        }
        p.then(() -> out.zero(Math.min(rows, valid.scalar()), rows, a));
        if (p.out(1) != null) {
            INDArray mean = p.call().out(1);
            Floats values = Floats.of(p.out(1));
            Collective collective = p.call().context().collective();
            double[] sums = new double[width];
            INDArray shared = Nd4j.create(DataType.DOUBLE, width);
            java.nio.DoubleBuffer buffer = doubles(shared);
            p.then(() -> {
                int n = Math.min(rows, valid.scalar());
                Arrays.fill(sums, 0);
                for (int r = 0; r < n; r++) {
                    t.get(r, 0, a, 0, width);
                    for (int k = 0; k < width; k++) {
                        sums[k] += a[k];
                    }
                }
                buffer.put(0, sums);
                collective.sum(shared);
                buffer.get(0, sums);
                double count = Math.max(1, collective.sum((double) n));
                for (int k = 0; k < width; k++) {
                    a[k] = (float) (sums[k] / count);
                }
                values.put(0, 0, a, 0, width);
            });
        }
    }

    private static java.nio.DoubleBuffer doubles(INDArray a) {
        long address = a.data().addressPointer().address();
        return new org.bytedeco.javacpp.DoublePointer(Dnnl.at(address)).capacity(a.length()).asBuffer();
    }

    /**
     * {@code Q_rk = a_r E_rk b_k} with {@code E_rk = exp((t_rk - m_r) / tau)}, {@code m_r} the largest logit of the row: only the
     * vectors a and b change, in double, while E stays as it is. A column's sum and the next row's are taken in one pass.
     */
    static void sinkhorn(Program p) {
        Tensor logits = p.in(0);
        int rows = (int) logits.rows();
        int width = (int) logits.columns();
        int chunk = LossKernels.chunk(rows, width);
        Floats t = Floats.of(logits);
        Floats tau = Floats.of(p.in(1));
        Ints valid = Ints.of(p.call().in(2));
        Floats e = Floats.of(p.out(0));
        Primitives does = new Primitives(p);
        float[] block = new float[width];
        double[] maxima = new double[rows];
        Reduce reduce = new Reduce();
        p.then(() -> {
            float scale = 1 / tau.get(0, 0);
            int n = Math.min(rows, valid.scalar());
            for (int r = 0; r < n; r++) {
                t.get(r, 0, block, 0, width);
                float max = reduce.max(block, width);
                maxima[r] = max;
                for (int k = 0; k < width; k++) {
                    block[k] = (block[k] - max) * scale;
                }
                e.put(r, 0, block, 0, width);
            }
            e.zero(n, rows, block);
        });
        for (int from = 0; from < rows; from += chunk) {
            Tensor part = p.out(0).rows(from, Math.min(chunk, rows - from));
            does.eltwise(dnnl_eltwise_exp, part, part);
        }
        p.then(new Balance(
                e, tau, valid, maxima, block, (int) ((Sinkhorn) p.call().op()).attribute(0),
                p.call().context().collective()));
    }

    /** The iterations. */
    private static final class Balance implements Runnable {
        private final Floats e;
        private final Floats tau;
        private final Ints valid;
        private final double[] maxima;
        private final float[] block;
        private final int iterations;
        private final Collective collective;
        private final int width;
        private final double[] a;
        private final double[] b;
        private final double[] sums;
        private final INDArray shared;
        private final java.nio.DoubleBuffer buffer;

        Balance(Floats e, Floats tau, Ints valid, double[] maxima, float[] block, int iterations, Collective collective) {
            this.e = e;
            this.tau = tau;
            this.valid = valid;
            this.maxima = maxima;
            this.block = block;
            this.iterations = iterations;
            this.collective = collective;
            width = block.length;
            a = new double[maxima.length];
            b = new double[width];
            sums = new double[width];
            shared = Nd4j.create(DataType.DOUBLE, width);
            buffer = doubles(shared);
        }

        @Override
        public void run() {
            int n = Math.min(maxima.length, valid.scalar());
            double most = Double.NEGATIVE_INFINITY;
            for (int r = 0; r < n; r++) {
                most = Math.max(most, maxima[r]);
            }
            most = collective.max(most);
            double samples = collective.sum((double) n);
            for (int r = 0; r < n; r++) {
                a[r] = Math.exp(Math.max((maxima[r] - most) / tau.get(0, 0), LEAST_LOG_SCALE));
            }
            Arrays.fill(b, 1);
            if (iterations == 0) {
                double total = 0;
                for (int r = 0; r < n; r++) {
                    total += a[r] * rowSum(r);
                }
                total = collective.sum(total);
                for (int r = 0; r < n; r++) {
                    a[r] /= total;
                }
            }
            for (int i = 0; i < iterations; i++) {
                Arrays.fill(sums, 0);
                for (int r = 0; r < n; r++) {
                    e.get(r, 0, block, 0, width);
                    if (i > 0) {
                        a[r] = balanced(r, samples);
                    }
                    double scale = a[r];
                    for (int k = 0; k < width; k++) {
                        sums[k] += scale * block[k];
                    }
                }
                buffer.put(0, sums);
                collective.sum(shared);
                buffer.get(0, sums);
                for (int k = 0; k < width; k++) {
                    // a prototype that no sample has any probability for stays at zero
                    b[k] = sums[k] > 0 ? 1 / (sums[k] * width) : 0;
                }
            }
            for (int r = 0; r < n; r++) {
                e.get(r, 0, block, 0, width);
                double scale = samples * (iterations > 0 ? balanced(r, samples) : a[r]);
                for (int k = 0; k < width; k++) {
                    block[k] = (float) (scale * block[k] * b[k]);
                }
                e.put(r, 0, block, 0, width);
            }
            e.zero(n, maxima.length, block);
        }

        /** The scale that makes row {@code r}, which lies in the block, sum to one over the number of samples. */
        private double balanced(int r, double samples) {
            double sum = 0;
            for (int k = 0; k < width; k++) {
                sum += block[k] * b[k];
            }
            return 1 / (sum * samples);
        }

        private double rowSum(int r) {
            e.get(r, 0, block, 0, width);
            double sum = 0;
            for (int k = 0; k < width; k++) {
                sum += block[k];
            }
            return sum;
        }
    }
}
