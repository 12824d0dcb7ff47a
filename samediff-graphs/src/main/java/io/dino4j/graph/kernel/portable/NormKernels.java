package io.dino4j.graph.kernel.portable;

import static io.dino4j.graph.kernel.portable.Algebra.column;
import static io.dino4j.graph.kernel.portable.Algebra.columnSums;
import static io.dino4j.graph.kernel.portable.Algebra.row;
import static io.dino4j.graph.kernel.portable.Algebra.rowDots;
import static io.dino4j.graph.kernel.portable.Algebra.rowNorms;

import io.dino4j.graph.kernel.Kernel;
import io.dino4j.graph.kernel.OpCall;
import io.dino4j.graph.op.LayerNorm;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Normalisations of rows. */
final class NormKernels {
    private NormKernels() {}

    static Kernel layerNorm(OpCall c) {
        double eps = ((LayerNorm) c.op()).eps();
        return () -> {
            INDArray mean = c.in(0).mean(true, 1); // [T, 1]
            INDArray centered = c.in(0).sub(mean);
            INDArray variance = centered.mul(centered).mean(true, 1);
            INDArray rstd = Transforms.sqrt(variance.addi(eps)).rdivi(1);
            if (c.out(0) != null) {
                c.out(0).assign(centered.muli(rstd).muli(row(c.in(1))).addi(row(c.in(2))));
            }
            if (c.out(1) != null) {
                column(c.out(1)).assign(mean);
            }
            if (c.out(2) != null) {
                column(c.out(2)).assign(rstd);
            }
        };
    }

    static Kernel layerNormGrad(OpCall c) {
        boolean skip = c.inputs().size() == 6;
        return () -> {
            INDArray rstd = column(c.in(3));
            INDArray dY = c.in(4);
            INDArray normed = c.in(0).sub(column(c.in(2))).muli(rstd);
            if (c.out(0) != null) {
                INDArray g = dY.mul(row(c.in(1)));
                INDArray alongNormed = normed.mul(g.mul(normed).mean(true, 1));
                INDArray dX = g.sub(g.mean(true, 1)).subi(alongNormed).muli(rstd);
                c.out(0).assign(skip ? dX.addi(c.in(5)) : dX);
            }
            if (c.out(1) != null) {
                row(c.out(1)).assign(columnSums(dY.mul(normed)));
            }
            if (c.out(2) != null) {
                row(c.out(2)).assign(columnSums(dY));
            }
        };
    }

    static Kernel l2Normalize(OpCall c) {
        double eps = c.op().real(0);
        return () -> {
            INDArray divisor = divisor(c.in(0), eps);
            if (c.out(0) != null) {
                c.out(0).assign(c.in(0).div(divisor));
            }
            if (c.out(1) != null) {
                column(c.out(1)).assign(divisor);
            }
        };
    }

    static Kernel l2NormalizeGrad(OpCall c) {
        double eps = c.op().real(0);
        return () -> c.out(0).assign(throughDivisor(c.in(0), column(c.in(1)), c.in(2), eps));
    }

    /** {@code max(|x_r|, eps)} of each row, {@code [R, 1]}. */
    static INDArray divisor(INDArray x, double eps) {
        return Transforms.max(rowNorms(x), eps, false);
    }

    /** The gradient of {@code x} where {@code y = x / max(|x|, eps)}: the divisor is a constant for a row shorter than eps. */
    static INDArray throughDivisor(INDArray y, INDArray divisor, INDArray dY, double eps) {
        INDArray longEnough = divisor.gt(eps).castTo(y.dataType());
        return dY.sub(y.mul(rowDots(y, dY).muli(longEnough))).divi(divisor);
    }

    static Kernel weightNorm(OpCall c) {
        return () -> {
            INDArray v = c.in(1);
            c.out(0).assign(v.mul(column(c.in(0)).div(rowNorms(v))));
        };
    }

    static Kernel weightNormGrad(OpCall c) {
        return () -> {
            INDArray v = c.in(1);
            INDArray dW = c.in(2);
            INDArray norm = rowNorms(v);
            INDArray dG = rowDots(dW, v).divi(norm); // [K, 1]
            if (c.out(0) != null) {
                column(c.out(0)).assign(dG);
            }
            if (c.out(1) != null) {
                c.out(1).assign(dW.sub(v.mul(dG.div(norm))).muli(column(c.in(0)).div(norm)));
            }
        };
    }
}
