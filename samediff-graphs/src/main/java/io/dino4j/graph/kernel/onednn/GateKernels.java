package io.dino4j.graph.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_logistic;

import java.util.function.Supplier;

/** SwiGLU: the logistic function by oneDNN on a chunk of rows, products in Java. */
final class GateKernels {
    private GateKernels() {}

    static void forward(Program p) {
        Tensor x = p.in(0);
        Floats y = Floats.of(p.out(0));
        int width = (int) x.columns() / 2;
        gated(p, x, () -> {
            float[] a = new float[width];
            float[] b = new float[width];
            float[] s = new float[width];
            return (in, row, gate, i) -> {
                in.get(row, 0, a, 0, width);
                in.get(row, width, b, 0, width);
                gate.get(i, 0, s, 0, width);
                for (int c = 0; c < width; c++) {
                    a[c] *= s[c] * b[c];
                }
                y.put(row, 0, a, 0, width);
            };
        });
    }

    static void gradient(Program p) {
        Tensor x = p.in(0);
        Floats dY = Floats.of(p.in(1));
        Floats dX = Floats.of(p.out(0));
        int width = (int) x.columns() / 2;
        gated(p, x, () -> {
            float[] a = new float[width];
            float[] b = new float[width];
            float[] s = new float[width];
            float[] d = new float[width];
            return (in, row, gate, i) -> {
                in.get(row, 0, a, 0, width);
                in.get(row, width, b, 0, width);
                gate.get(i, 0, s, 0, width);
                dY.get(row, 0, d, 0, width);
                for (int c = 0; c < width; c++) {
                    float silu = a[c] * s[c];
                    a[c] = d[c] * b[c] * (s[c] + silu * (1 - s[c]));
                    b[c] = d[c] * silu;
                }
                dX.put(row, 0, a, 0, width);
                dX.put(row, width, b, 0, width);
            };
        });
    }

    /** What is done with a row once the logistic function of its first half is known. */
    @FunctionalInterface
    private interface GateStep {
        void row(Floats x, int row, Floats gate, int rowOfGate);
    }

    private static void gated(Program p, Tensor x, Supplier<GateStep> step) {
        int rows = (int) x.rows();
        int width = (int) x.columns() / 2;
        int chunk = LossKernels.chunk(rows, width);
        Tensor scratch = p.scratch(chunk, width);
        Floats in = Floats.of(x);
        Floats gate = Floats.of(scratch);
        Primitives does = new Primitives(p);
        for (int from = 0; from < rows; from += chunk) {
            int first = from;
            int n = Math.min(chunk, rows - from);
            Tensor part = scratch.rows(0, n);
            does.reorder(x.rows(from, n).view(0, new long[] {n, width}, x.strides()), part);
            does.eltwise(dnnl_eltwise_logistic, part, part);
            p.rows(n, width, () -> {
                GateStep work = step.get();
                return i -> work.row(in, first + i, gate, i);
            });
        }
    }
}
