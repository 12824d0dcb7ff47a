package io.dino4j.graph.kernel.portable;

import static io.dino4j.graph.kernel.portable.Algebra.columnSums;
import static io.dino4j.graph.kernel.portable.Algebra.columns;
import static io.dino4j.graph.kernel.portable.Algebra.columnsView;
import static io.dino4j.graph.kernel.portable.Algebra.exp;
import static io.dino4j.graph.kernel.portable.Algebra.matrix;
import static io.dino4j.graph.kernel.portable.Algebra.row;
import static io.dino4j.graph.kernel.portable.Algebra.rowDots;
import static io.dino4j.graph.kernel.portable.Algebra.times;
import static io.dino4j.graph.kernel.portable.Algebra.timesTransposed;
import static io.dino4j.graph.kernel.portable.Algebra.transposedTimes;

import io.dino4j.graph.kernel.Kernel;
import io.dino4j.graph.kernel.OpCall;
import io.dino4j.graph.op.Linear;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Erf;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Linear layers and the activations of the feed-forward layers. */
final class LinearKernels {
    private LinearKernels() {}

    static Kernel linear(OpCall c) {
        Linear op = (Linear) c.op();
        return () -> {
            int next = 2;
            INDArray y = timesTransposed(c.in(0), matrix(c.in(1))); // [T, O]
            if (op.hasBias()) {
                y.addi(row(c.in(next++)));
            }
            if (op.gelu()) {
                if (c.out(1) != null) {
                    c.out(1).assign(y);
                }
                y.muli(normalCdf(y));
            }
            if (op.hasGamma()) {
                y.muli(row(c.in(next)));
            }
            if (op.hasResidual()) {
                y.addi(c.lastIn());
            }
            if (c.out(0) != null) {
                c.out(0).assign(y);
            }
        };
    }

    static Kernel linearGrad(OpCall c) {
        Linear.Grad op = (Linear.Grad) c.op();
        return () -> {
            int next = 2;
            INDArray x = c.in(0);
            INDArray w = matrix(c.in(1)); // [O, I]
            INDArray bias = op.hasBias() ? row(c.in(next++)) : null;
            INDArray gamma = op.hasGamma() ? row(c.in(next++)) : null;
            INDArray u = op.gelu() ? c.lastIn().mul(geluSlope(c.in(next))) : c.lastIn(); // [T, O]
            if (c.out(0) != null) {
                c.out(0).assign(times(gamma == null ? u : u.mul(gamma), w));
            }
            INDArray s = columnSums(u); // [1, O]
            boolean weights = c.out(1) != null || (gamma != null && c.out(op.getNumOutputs() - 1) != null);
            INDArray g = weights ? transposedTimes(u, x) : null; // [O, I]
            if (c.out(1) != null) {
                matrix(c.out(1)).assign(gamma == null ? g : g.mul(gamma.reshape(gamma.length(), 1)));
            }
            if (bias != null && c.out(2) != null) {
                row(c.out(2)).assign(gamma == null ? s : s.mul(gamma));
            }
            if (gamma != null && c.out(op.getNumOutputs() - 1) != null) {
                INDArray dGamma = rowDots(g, w).reshape(1, gamma.length());
                row(c.out(op.getNumOutputs() - 1)).assign(bias == null ? dGamma : dGamma.addi(s.mul(bias)));
            }
        };
    }

    /** {@code Phi(z) = (1 + erf(z / sqrt 2)) / 2}. ND4J's own GELU ops are approximations, its erf is exact. */
    private static INDArray normalCdf(INDArray z) {
        INDArray x = z.div(Math.sqrt(2));
        return Nd4j.getExecutioner().exec(new Erf(x, x)).addi(1).divi(2);
    }

    /** {@code Phi(z) + z phi(z)}. */
    private static INDArray geluSlope(INDArray z) {
        INDArray density = exp(z.mul(z).divi(-2)).divi(Math.sqrt(2 * Math.PI));
        return density.muli(z).addi(normalCdf(z));
    }

    static Kernel swiGlu(OpCall c) {
        return () -> {
            long h = c.in(0).size(1) / 2;
            INDArray a = columns(c.in(0), 0, h);
            c.out(0).assign(Transforms.sigmoid(a, true).muli(a).muli(columns(c.in(0), h, h)));
        };
    }

    static Kernel swiGluGrad(OpCall c) {
        return () -> {
            long h = c.in(0).size(1) / 2;
            INDArray a = columns(c.in(0), 0, h);
            INDArray b = columns(c.in(0), h, h);
            INDArray s = Transforms.sigmoid(a, true);
            INDArray slope = s.rsub(1).muli(a).addi(1).muli(s); // silu'(a) = s (1 + a (1 - s))
            columnsView(c.out(0), 0, h).assign(slope.muli(b).muli(c.in(1)));
            columnsView(c.out(0), h, h).assign(s.mul(a).muli(c.in(1)));
        };
    }
}
