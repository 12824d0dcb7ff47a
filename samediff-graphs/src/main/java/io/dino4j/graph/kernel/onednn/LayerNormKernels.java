package io.dino4j.graph.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_add;

import io.dino4j.graph.op.LayerNorm;

/**
 * Layer normalisation by oneDNN, which keeps variances where the op wants {@code rstd}: those small vectors are
 * converted.
 */
final class LayerNormKernels {
    private LayerNormKernels() {}

    static void forward(Program p) {
        LayerNorm op = (LayerNorm) p.call().op();
        Tensor x = p.in(0);
        Tensor mean = p.out(1);
        Tensor rstd = p.out(2);
        boolean statistics = mean != null || rstd != null;
        long rows = x.rows();
        Tensor m = statistics ? p.outOrScratch(1, 1, rows).reshape(rows) : null;
        Tensor v = statistics ? p.outOrScratch(2, 1, rows).reshape(rows) : null;
        Tensor weight = p.in(1).reshape(x.columns());
        Tensor bias = p.in(2).reshape(x.columns());
        Tensor y = p.outOrScratch(0, x.type(), rows, x.columns());
        new Primitives(p).layerNorm(x, weight, bias, y, m, v, op.eps());
        if (rstd != null) {
            Floats values = Floats.of(v);
            float[] block = new float[(int) rows];
            float eps = (float) op.eps();
            p.then(() -> {
                values.get(0, 0, block, 0, block.length);
                for (int i = 0; i < block.length; i++) {
                    block[i] = (float) (1 / Math.sqrt(block[i] + eps));
                }
                values.put(0, 0, block, 0, block.length);
            });
        }
    }

    static void gradient(Program p) {
        Tensor x = p.in(0);
        long rows = x.rows();
        long width = x.columns();
        Tensor weight = p.in(1).reshape(width);
        Tensor mean = p.in(2).reshape(rows);
        Tensor dY = p.in(4);
        Tensor dX = p.outOrScratch(0, x.type(), rows, width);
        Tensor variance = p.scratch(rows);
        Floats rstd = Floats.of(p.in(3).reshape(rows));
        Floats inverse = Floats.of(variance);
        float[] block = new float[(int) rows];
        p.then(() -> {
            rstd.get(0, 0, block, 0, block.length);
            for (int i = 0; i < block.length; i++) {
                block[i] = 1 / (block[i] * block[i]);
            }
            inverse.put(0, 0, block, 0, block.length);
        });
        Primitives does = new Primitives(p);
        does.layerNormBackward(
                x,
                weight,
                mean,
                variance,
                dY,
                dX,
                p.outOrScratch(1, 1, width).reshape(width),
                p.outOrScratch(2, 1, width).reshape(width));
        if (p.call().inputs().size() > 5 && p.out(0) != null) {
            does.binary(dnnl_binary_add, dX, p.in(5), dX, PostOps.none());
        }
    }
}
