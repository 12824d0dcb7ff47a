package io.dino4j.graph.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_gelu_erf;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;

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
        PackedWeight weight = new PackedWeight(does, p.in(1).transposed()); // [I, O]
        Tensor bias = op.hasBias() ? p.in(next++) : null;
        Tensor gamma = op.hasGamma() ? p.in(next++) : null;
        Tensor residual = op.hasResidual() ? p.in(next) : null;
        Tensor y = p.out(0);
        Tensor z = op.gelu() ? p.out(1) : null;
        Tensor product = z == null ? y : z;
        RowTiles.of(p, x, product).each(tile -> {
            PostOps after = PostOps.none();
            if (gamma != null) {
                after.times(gamma);
            }
            if (op.gelu() && z == null) {
                after.gelu();
            }
            PostOps last = z == null ? after : PostOps.none();
            if (residual != null) {
                last.plus(tile.of(residual));
            }
            weight.multiply(tile.operand(x), bias, tile.result(product), after);
            tile.store(product);
            if (z != null && y != null) {
                does.eltwise(dnnl_eltwise_gelu_erf, tile.of(z), tile.of(y), last);
            }
        });
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
        Tensor product = dGamma != null && dW == null ? p.scratch(outputs, weight.columns()) : dW;
        Tensor sums = dBias == null && dGamma != null && bias != null ? p.scratch(1, outputs) : dBias;
        Tensor scaled = gamma != null && dX != null ? p.scratch(outputs, weight.columns()) : null;

        RowTiles tiles = RowTiles.of(p, product == null ? null : x, dY, dX);
        PackedWeight toInputs = new PackedWeight(does, scaled == null ? weight : scaled);
        tiles.each(tile -> {
            Tensor slope = tile.of(dY);
            if (op.gelu()) {
                slope = tile.room(z);
                does.eltwiseBackward(dnnl_eltwise_gelu_erf, tile.of(z), tile.of(dY), slope);
            }
            Tensor u = tile.operand(slope, dY);
            if (product != null) {
                Tensor rows = tile.operand(x);
                if (rows.type() == dnnl_f32) {
                    // an activation in oneDNN's own layout never made up for the copy: 2 to 9 % slower
                    does.matmul(u.transposed(), rows, product, sum(tile));
                } else {
                    does.largeMatmul(u.transposed(), rows, null, product, sum(tile));
                }
            }
            if (sums != null) {
                columnSums(p, does, u, sums, sum(tile));
            }
            if (dX != null && gamma == null) {
                toInputs.multiply(u, null, tile.result(dX), PostOps.none());
                tile.store(dX);
            }
        });
        if (gamma != null) {
            p.rows(outputs, weight.columns(), () -> new ScaleRows(product, weight, scaled, sums, bias, gamma, dGamma));
            if (dX != null) {
                tiles.each(tile -> {
                    toInputs.multiply(tile.operand(dY), null, tile.result(dX), PostOps.none());
                    tile.store(dX);
                });
            }
        }
    }

    /** Tiles add up. */
    private static PostOps sum(RowTiles.Tile tile) {
        return tile.isFirst() ? PostOps.none() : PostOps.none().accumulate();
    }

    /** {@code sums = 1^T u}: a product with a row of ones. */
    private static void columnSums(Program p, Primitives does, Tensor u, Tensor sums, PostOps after) {
        Tensor ones = p.scratchOf(u.type(), 1, u.rows());
        Floats values = Floats.of(ones);
        float[] one = new float[(int) u.rows()];
        Arrays.fill(one, 1);
        p.then(() -> values.put(0, 0, one, 0, one.length));
        does.matmul(ones, u, sums, after);
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
