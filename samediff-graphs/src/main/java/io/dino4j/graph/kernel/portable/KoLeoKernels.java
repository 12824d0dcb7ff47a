package io.dino4j.graph.kernel.portable;

import static io.dino4j.graph.kernel.portable.Algebra.gather;
import static io.dino4j.graph.kernel.portable.Algebra.orOne;
import static io.dino4j.graph.kernel.portable.Algebra.rowNorms;
import static io.dino4j.graph.kernel.portable.Algebra.rows;
import static io.dino4j.graph.kernel.portable.Algebra.scatterAdd;
import static io.dino4j.graph.kernel.portable.Algebra.timesTransposed;

import io.dino4j.graph.kernel.Kernel;
import io.dino4j.graph.kernel.OpCall;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/** The regulariser that spreads features out. */
final class KoLeoKernels {
    private KoLeoKernels() {}

    static Kernel koLeo(OpCall c) {
        long groups = c.op().attribute(0);
        double eps = c.op().real(0);
        return () -> {
            INDArray z = c.in(0).div(NormKernels.divisor(c.in(0), eps));
            INDArray neighbours = neighbours(z, groups);
            if (c.out(0) != null) {
                INDArray distances = rowNorms(differences(z, neighbours, eps));
                double sum = Transforms.log(distances.addi(eps)).sumNumber().doubleValue();
                c.out(0).assign(-sum * groups / z.size(0)); // groups are of equal size: the sum of their means
            }
            if (c.out(1) != null) {
                c.out(1).assign(neighbours);
            }
        };
    }

    /** For each row the other row of its group with the largest dot product, the first of several, {@code [G B]}. */
    private static INDArray neighbours(INDArray z, long groups) {
        long b = z.size(0) / groups;
        INDArray neighbours = Nd4j.create(DataType.INT32, z.size(0));
        for (long g = 0; g < groups; g++) {
            INDArray group = rows(z, g * b, b);
            INDArray dots = timesTransposed(group, group);
            // the diagonal of dots, as in the reference -1: no product of unit vectors is smaller
            Nd4j.create(dots.data(), new long[] {b}, new long[] {b + 1}, dots.offset(), 'c')
                    .assign(-1);
            INDArray first = dots.argMax(1).castTo(DataType.INT32).addi(g * b);
            Nd4j.create(neighbours.data(), new long[] {b}, new long[] {1}, g * b, 'c')
                    .assign(first);
        }
        return neighbours;
    }

    /** {@code z_i - z_n(i) + eps}. */
    private static INDArray differences(INDArray z, INDArray neighbours, double eps) {
        return z.sub(gather(z, neighbours)).addi(eps);
    }

    static Kernel koLeoGrad(OpCall c) {
        long groups = c.op().attribute(0);
        double eps = c.op().real(0);
        return () -> {
            INDArray neighbours = c.in(1);
            INDArray divisor = NormKernels.divisor(c.in(0), eps);
            INDArray z = c.in(0).div(divisor);
            INDArray v = differences(z, neighbours, eps);
            INDArray distances = rowNorms(v);
            double factor = -c.in(2).getDouble(0) * groups / z.size(0);
            // d/dv of factor log(|v| + eps)
            INDArray dV = v.divi(distances.add(eps)).divi(orOne(distances)).muli(factor);
            INDArray dZ = dV.dup('c');
            scatterAdd(dZ, neighbours, dV.neg());
            c.out(0).assign(NormKernels.throughDivisor(z, divisor, dZ, eps));
        };
    }
}
