package io.dino4j.graph.kernel.portable;

import static io.dino4j.graph.kernel.portable.Algebra.rows;
import static io.dino4j.graph.kernel.portable.Algebra.scatterAdd;

import io.dino4j.graph.kernel.Kernel;
import io.dino4j.graph.kernel.OpCall;
import io.dino4j.graph.op.AddKeptRows;
import io.dino4j.graph.op.GraphOp;
import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Moving rows about. */
final class RowKernels {
    private RowKernels() {}

    static Kernel gather(OpCall c) {
        return () -> {
            if (c.out(0) != null) {
                Algebra.gather(c.in(0), c.in(1), c.out(0));
            }
        };
    }

    static Kernel gatherGrad(OpCall c) {
        boolean skip = c.inputs().size() == 4;
        return () -> {
            c.out(0).assign(skip ? c.in(3) : Nd4j.zerosLike(c.out(0)));
            scatterAdd(c.out(0), c.in(1), c.in(2));
        };
    }

    static Kernel add(OpCall c) {
        INDArray alphas = alphas(c.op(), c.in(0).dataType());
        return () -> {
            INDArray scaled = c.in(1).mul(alphas);
            c.out(0).assign(c.in(0));
            scatterAdd(c.out(0), c.in(2), scaled);
        };
    }

    static Kernel addGrad(OpCall c) {
        INDArray alphas = alphas(c.op(), c.in(0).dataType());
        return () -> {
            INDArray taken = Algebra.gather(c.in(0), c.in(1));
            c.out(0).assign(taken.muli(alphas));
        };
    }

    static Kernel addKept(OpCall c) {
        return () -> c.out(0).assign(c.in(0).add(c.in(1).mul(factors(c, c.in(2), c.in(3)))));
    }

    static Kernel addKeptGrad(OpCall c) {
        return () -> c.out(0).assign(c.in(0).mul(factors(c, c.in(1), c.in(2))));
    }

    /** The factor of each row of the branch, {@code [M, 1]}, 0 for one that is not kept. */
    private static INDArray factors(OpCall c, INDArray picked, INDArray kept) {
        double[] all = new double[(int) c.op().attribute(0)];
        AddKeptRows.factors(c.op(), kept.toIntVector(), all);
        double[] own =
                Arrays.stream(picked.toIntVector()).mapToDouble(row -> all[row]).toArray();
        return Nd4j.createFromArray(own).castTo(c.in(0).dataType()).reshape(own.length, 1);
    }

    /** The factor of each row of the branch, {@code [M, 1]}. */
    private static INDArray alphas(GraphOp op, DataType type) {
        double[] alphas = new double[(int) Arrays.stream(op.iArgs()).sum()];
        int row = 0;
        for (int g = 0; g < op.numIArguments(); g++) {
            Arrays.fill(alphas, row, row += (int) op.attribute(g), op.real(g));
        }
        return Nd4j.createFromArray(alphas).castTo(type).reshape(alphas.length, 1);
    }

    /** The outputs are views of the input: nothing is left to do. */
    static Kernel split(OpCall c) {
        return () -> {};
    }

    static Kernel splitGrad(OpCall c) {
        return () -> {
            long row = 0;
            for (INDArray dY : c.inputs()) {
                rows(c.out(0), row, dY.size(0)).assign(dY);
                row += dY.size(0);
            }
        };
    }
}
