package io.dino4j.graph.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_exp;

import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.op.Sinkhorn;
import java.nio.DoubleBuffer;
import java.util.Arrays;
import org.bytedeco.javacpp.DoublePointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Targets from teacher logits. The number of valid rows is read when a program runs; the others come back as zeros. */
final class TargetKernels {
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
        p.then(() -> center.get(0, 0, c, 0, width)).rows(rows, width, () -> {
            float[] block = new float[width];
            return r -> {
                if (r >= valid.scalar()) {
                    out.zero(r, r + 1, block);
                    return;
                }
                t.get(r, 0, block, 0, width);
                float scale = 1 / tau.get(0, 0);
                for (int k = 0; k < width; k++) {
                    block[k] = (block[k] - c[k]) * scale;
                }
                out.put(r, 0, block, 0, width);
            };
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
            DoubleBuffer buffer = doubles(shared);
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

    /** A DOUBLE array as Java code sees it. */
    static DoubleBuffer doubles(INDArray a) {
        long address = a.data().addressPointer().address();
        return new DoublePointer(Dnnl.at(address)).capacity(a.length()).asBuffer();
    }

    /**
     * {@code E_rk = exp((t_rk - m_r) / tau)} into the output, {@code m_r} the largest logit of the row; {@link Balance}
     * does the rest.
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
        double[] maxima = new double[rows];
        p.rows(rows, width, () -> {
            float[] block = new float[width];
            Reduce reduce = new Reduce();
            return r -> {
                if (r >= valid.scalar()) {
                    e.zero(r, r + 1, block);
                    return;
                }
                t.get(r, 0, block, 0, width);
                float max = reduce.max(block, width);
                float scale = 1 / tau.get(0, 0);
                maxima[r] = max;
                for (int k = 0; k < width; k++) {
                    block[k] = (block[k] - max) * scale;
                }
                e.put(r, 0, block, 0, width);
            };
        });
        for (int from = 0; from < rows; from += chunk) {
            Tensor part = p.out(0).rows(from, Math.min(chunk, rows - from));
            does.eltwise(dnnl_eltwise_exp, part, part);
        }
        int iterations = (int) ((Sinkhorn) p.call().op()).attribute(0);
        p.then(new Balance(
                e, tau, valid, maxima, width, iterations, p.call().context().collective()));
    }
}
