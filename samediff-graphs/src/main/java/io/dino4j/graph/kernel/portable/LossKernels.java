package io.dino4j.graph.kernel.portable;

import static io.dino4j.graph.kernel.portable.Algebra.column;
import static io.dino4j.graph.kernel.portable.Algebra.exp;
import static io.dino4j.graph.kernel.portable.Algebra.gather;
import static io.dino4j.graph.kernel.portable.Algebra.index;
import static io.dino4j.graph.kernel.portable.Algebra.rowSums;
import static io.dino4j.graph.kernel.portable.Algebra.scatterAdd;

import io.dino4j.graph.kernel.Kernel;
import io.dino4j.graph.kernel.OpCall;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Cross-entropy over the prototypes and the sum of the objective. */
final class LossKernels {
    private LossKernels() {}

    static Kernel crossEntropy(OpCall c) {
        double tau = c.op().real(0);
        return () -> {
            INDArray lse = Nd4j.zeros(c.in(0).dataType(), c.in(0).size(0), 1);
            double loss = 0;
            for (Block b : blocks(c)) {
                INDArray logits = b.logits().divi(tau);
                INDArray max = logits.max(true, 1);
                INDArray log = Transforms.log(rowSums(exp(logits.subi(max)))); // of the sum of each row
                INDArray terms = logits.subi(log).muli(b.targets());
                loss -= rowSums(terms).muli(b.weights()).sumNumber().doubleValue();
                scatterAdd(lse, b.rows(), log.addi(max));
            }
            if (c.out(0) != null) {
                c.out(0).assign(loss);
            }
            if (c.out(1) != null) {
                column(c.out(1)).assign(lse);
            }
        };
    }

    static Kernel crossEntropyGrad(OpCall c) {
        double tau = c.op().real(0);
        return () -> {
            double dLoss = c.in(5).getDouble(0);
            double[] weights = c.in(3).toDoubleVector();
            // the output may lie where the logits do: a row is written once it has been read
            for (Block b : blocks(c)) {
                INDArray softmax = exp(b.logits().divi(tau).subi(gather(column(c.in(4)), b.rows())));
                INDArray slope = softmax.muli(rowSums(b.targets())).subi(b.targets());
                zero(c.out(0), b.rows().toIntVector());
                scatterAdd(c.out(0), b.rows(), slope.muli(b.weights().mul(dLoss / tau)));
            }
            zero(
                    c.out(0),
                    IntStream.range(0, weights.length)
                            .filter(r -> weights[r] == 0)
                            .toArray());
        };
    }

    private static void zero(INDArray x, int[] rows) {
        for (int r : rows) {
            x.getRow(r).assign(0);
        }
    }

    /** The rows whose weight is not 0, in blocks small enough to hold them more than once. */
    private static List<Block> blocks(OpCall c) {
        double[] weights = c.in(3).toDoubleVector();
        int[] kept =
                IntStream.range(0, weights.length).filter(r -> weights[r] != 0).toArray();
        int size = (int) Math.max(1, Algebra.TILE / c.in(0).size(1));
        List<Block> blocks = new ArrayList<>();
        for (int from = 0; from < kept.length; from += size) {
            blocks.add(new Block(c, index(Arrays.copyOfRange(kept, from, Math.min(kept.length, from + size)))));
        }
        return blocks;
    }

    /** Some rows of the inputs of the loss. */
    private record Block(OpCall call, INDArray rows) {
        /** A copy {@code [R, K]}. */
        INDArray logits() {
            return gather(call.in(0), rows);
        }

        /** {@code [R, 1]}. */
        INDArray weights() {
            return gather(column(call.in(3)), rows);
        }

        /** {@code sum_j t[a(r, j)]}, {@code [R, K]}. */
        INDArray targets() {
            int[][] assigned = call.in(2).toIntMatrix();
            int[] wanted = rows.toIntVector();
            INDArray sum = null;
            for (int j = 0; j < call.in(2).size(1); j++) {
                int column = j;
                INDArray t = gather(
                        call.in(1),
                        index(Arrays.stream(wanted)
                                .map(r -> assigned[r][column])
                                .toArray()));
                sum = sum == null ? t : sum.addi(t);
            }
            return sum;
        }
    }

    static Kernel weightedSum(OpCall c) {
        return () -> {
            double sum = 0;
            for (int i = 0; i < c.inputs().size(); i++) {
                sum += c.op().real(i) * c.in(i).getDouble(0);
            }
            c.out(0).assign(sum);
        };
    }

    static Kernel weightedSumGrad(OpCall c) {
        return () -> {
            for (int i = 0; i < c.outputs().length; i++) {
                if (c.out(i) != null) {
                    c.out(i).assign(c.op().real(i) * c.in(0).getDouble(0));
                }
            }
        };
    }
}
