package io.dino4j.graph.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_gelu_erf;

import io.dino4j.graph.op.Linear;
import java.util.Arrays;

/** The linear layer: one matrix product with everything after it as post-ops. */
final class LinearKernels {
    private LinearKernels() {}

    static void forward(Program p) {
        Linear op = (Linear) p.call().op();
        Primitives does = new Primitives(p);
        int next = 2;
        Tensor x = p.in(0);
        Tensor weight = p.in(1).transposed(); // [I, O]
        Tensor bias = op.hasBias() ? p.in(next++) : null;
        PostOps after = PostOps.none();
        if (op.hasGamma()) {
            after.times(p.in(next++));
        }
        if (op.hasResidual()) {
            after.plus(p.in(next));
        }
        Tensor y = p.out(0);
        Tensor z = op.gelu() ? p.out(1) : null;
        if (!op.gelu()) {
            does.largeMatmul(x, weight, bias, y, after);
        } else if (z == null) {
            PostOps gelu = PostOps.none().gelu();
            if (op.hasResidual()) {
                gelu.plus(p.in(next));
            }
            does.largeMatmul(x, weight, bias, y, gelu);
        } else {
            does.largeMatmul(x, weight, bias, z, PostOps.none());
            if (y != null) {
                PostOps residual = op.hasResidual() ? PostOps.none().plus(p.in(next)) : PostOps.none();
                does.eltwise(dnnl_eltwise_gelu_erf, z, y, residual);
            }
        }
    }

    static void gradient(Program p) {
        Linear.Grad op = (Linear.Grad) p.call().op();
        Primitives does = new Primitives(p);
        int next = 2;
        Tensor x = p.in(0);
        Tensor weight = p.in(1); // [O, I]
        Tensor bias = op.hasBias() ? p.in(next++) : null;
        Tensor gamma = op.hasGamma() ? p.in(next++) : null;
        Tensor z = op.gelu() ? p.in(next++) : null;
        Tensor dY = p.in(next);
        Tensor dX = p.out(0);
        Tensor dW = p.out(1);
        Tensor dBias = op.hasBias() ? p.out(2) : null;
        Tensor dGamma = op.hasGamma() ? p.out(op.hasBias() ? 3 : 2) : null;
        long outputs = weight.rows();

        Tensor u = dY;
        if (op.gelu()) {
            u = p.scratch(dY.rows(), outputs);
            does.eltwiseBackward(dnnl_eltwise_gelu_erf, z, dY, u);
        }
        Tensor product = dGamma != null && dW == null ? p.scratch(outputs, weight.columns()) : dW;
        if (product != null) {
            does.largeMatmul(u.transposed(), x, null, product, PostOps.none());
        }
        Tensor sums = dBias == null && dGamma != null && bias != null ? p.scratch(1, outputs) : dBias;
        if (sums != null) {
            columnSums(p, does, u, sums);
        }
        Tensor scaled = gamma != null && dX != null ? p.scratch(outputs, weight.columns()) : null;
        if (gamma != null) {
            p.rows(outputs, weight.columns(), () -> new ScaleRows(product, weight, scaled, sums, bias, gamma, dGamma));
        }
        if (dX != null) {
            does.largeMatmul(u, scaled == null ? weight : scaled, null, dX, PostOps.none());
        }
    }

    /** {@code sums = 1^T u}: a product with a row of ones. */
    private static void columnSums(Program p, Primitives does, Tensor u, Tensor sums) {
        Tensor ones = p.scratch(1, u.rows());
        Floats values = Floats.of(ones);
        float[] one = new float[(int) u.rows()];
        Arrays.fill(one, 1);
        p.then(() -> values.put(0, 0, one, 0, one.length));
        does.matmul(ones, u, sums, PostOps.none());
    }

    /**
     * Layer-scale: {@code dGamma_o = G_o . W_o + b_o s_o}, then row {@code o} of G and W and {@code s_o} times
     * {@code gamma_o}.
     */
    private static final class ScaleRows implements RowLoop.RowStep {
        private final Floats product;
        private final Floats weight;
        private final Floats scaled;
        private final Floats sums;
        private final Floats bias;
        private final Floats gamma;
        private final Floats dGamma;
        private final float[] g;
        private final float[] w;
        private final int columns;
        private final Reduce reduce = new Reduce();

        ScaleRows(Tensor product, Tensor weight, Tensor scaled, Tensor sums, Tensor bias, Tensor gamma, Tensor dGamma) {
            this.product = open(product);
            this.weight = open(weight);
            this.scaled = open(scaled);
            this.sums = open(sums);
            this.bias = open(bias);
            this.gamma = open(gamma);
            this.dGamma = open(dGamma);
            columns = (int) weight.columns();
            g = new float[columns];
            w = new float[columns];
        }

        private static void scale(float[] x, float factor) {
            for (int i = 0; i < x.length; i++) {
                x[i] *= factor;
            }
        }

        private static Floats open(Tensor t) {
            return t == null ? null : Floats.of(t);
        }

        @Override
        public void row(int o) {
            float scale = gamma.get(0, o);
            double dot = 0;
            weight.get(o, 0, w, 0, columns);
            if (product != null) {
                product.get(o, 0, g, 0, columns);
                if (dGamma != null) {
                    dot = reduce.dot(g, 0, w, 0, columns);
                }
                scale(g, scale);
                product.put(o, 0, g, 0, columns);
            }
            if (scaled != null) {
                scale(w, scale);
                scaled.put(o, 0, w, 0, columns);
            }
            float s = 0;
            if (sums != null) {
                s = sums.get(0, o);
                sums.put(0, o, scale * s);
            }
            if (dGamma != null) {
                dGamma.put(0, o, (float) (dot + (bias == null ? 0 : (double) bias.get(0, o) * s)));
            }
        }
    }
}
