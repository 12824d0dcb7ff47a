package io.dino4j.graph.kernel.portable;

import static io.dino4j.graph.kernel.portable.Algebra.columnSums;
import static io.dino4j.graph.kernel.portable.Algebra.exp;
import static io.dino4j.graph.kernel.portable.Algebra.orOne;
import static io.dino4j.graph.kernel.portable.Algebra.row;
import static io.dino4j.graph.kernel.portable.Algebra.rowDots;
import static io.dino4j.graph.kernel.portable.Algebra.rowSums;
import static io.dino4j.graph.kernel.portable.Algebra.rows;

import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.kernel.Kernel;
import io.dino4j.graph.kernel.OpCall;
import java.util.ArrayDeque;
import java.util.Deque;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The teacher's targets. A worker without any valid row takes part in every sum all the same: the others wait for it.
 *
 * <p>{@code exp} of extreme logits underflows. A prototype that thereby has no mass at all stays without; a sample without mass
 * gets the softmax of its own logits, unbalanced. Both are 0/0 in the reference.
 */
final class TargetKernels {
    private TargetKernels() {}

    static Kernel sinkhorn(OpCall c) {
        long iterations = c.op().attribute(0);
        Collective workers = c.context().collective();
        return () -> {
            long valid = c.in(2).getInt(0);
            double tau = c.in(1).getDouble(0);
            INDArray t = valid > 0 ? rows(c.in(0), 0, valid) : null;
            double max = workers.max(
                    t == null ? Double.NEGATIVE_INFINITY : t.maxNumber().doubleValue());
            double samples = workers.sum((double) valid);
            INDArray q = t == null ? null : exp(t.sub(max).divi(tau)); // [valid, K]
            double total = workers.sum(t == null ? 0 : q.sumNumber().doubleValue());
            if (t != null) {
                q.divi(total);
            }
            for (long i = 0; i < iterations; i++) {
                INDArray ofPrototypes =
                        t == null ? Nd4j.zeros(c.in(0).dataType(), 1, c.in(0).size(1)) : columnSums(q);
                workers.sum(ofPrototypes);
                if (t != null) {
                    q.divi(orOne(ofPrototypes).muli(q.size(1)));
                    q.divi(orOne(rowSums(q)).muli(samples));
                }
            }
            c.out(0).assign(0);
            if (t != null) {
                rows(c.out(0), 0, valid).assign(q.muli(samples));
                fillEmptyRows(rows(c.out(0), 0, valid), t, tau);
            }
        };
    }

    /** Replaces rows of zeros by the softmax of their logits. */
    private static void fillEmptyRows(INDArray targets, INDArray t, double tau) {
        int[] empty = rowSums(targets).eq(0).castTo(DataType.INT32).toIntVector();
        for (int r = 0; r < empty.length; r++) {
            if (empty[r] == 1) {
                rows(targets, r, 1).assign(softmax(rows(t, r, 1).div(tau)));
            }
        }
    }

    private static INDArray softmax(INDArray x) {
        INDArray e = exp(x.sub(x.max(true, 1)));
        return e.divi(rowSums(e));
    }

    /**
     * Both halves of an iteration divide by sums: of {@code y_i = x_i / (n s)}, {@code s = sum_i x_i}, the gradient is
     * {@code dx_i = (dy_i / n - sum_j dy_j y_j) / s}. Neither the total nor the largest logit matters to the result, so neither has a
     * gradient. A row that underflows has gradient 0.
     */
    static Kernel sinkhornGrad(OpCall c) {
        long iterations = c.op().attribute(0);
        return () -> {
            c.out(0).assign(0);
            long valid = c.in(2).getInt(0);
            if (valid == 0) {
                return;
            }
            double tau = c.in(1).getDouble(0);
            INDArray t = rows(c.in(0), 0, valid);
            INDArray start = exp(t.sub(t.maxNumber()).divi(tau));
            start.divi(start.sumNumber());
            long k = start.size(1);
            Deque<Balanced> done = new ArrayDeque<>();
            INDArray q = start;
            for (long i = 0; i < iterations; i++) {
                INDArray ofPrototypes = orOne(columnSums(q));
                q = q.div(ofPrototypes.mul(k));
                done.push(new Balanced(q, ofPrototypes));
                INDArray ofSamples = orOne(rowSums(q));
                q = q.div(ofSamples.mul(valid));
                done.push(new Balanced(q, ofSamples));
            }
            INDArray dQ = rows(c.in(3), 0, valid).mul(valid);
            while (!done.isEmpty()) {
                Balanced samples = done.pop();
                dQ = dQ.div(valid).subi(rowDots(dQ, samples.y())).divi(samples.sums());
                Balanced prototypes = done.pop();
                dQ = dQ.div(k).subi(columnSums(dQ.mul(prototypes.y()))).divi(prototypes.sums());
            }
            rows(c.out(0), 0, valid).assign(dQ.muli(start).divi(tau));
        };
    }

    /** A matrix after division, and the sums that it was divided by. */
    private record Balanced(INDArray y, INDArray sums) {}

    static Kernel centeredSoftmax(OpCall c) {
        Collective workers = c.context().collective();
        return () -> {
            long valid = c.in(3).getInt(0);
            double tau = c.in(2).getDouble(0);
            INDArray t = valid > 0 ? rows(c.in(0), 0, valid) : null;
            if (c.out(0) != null) {
                c.out(0).assign(0);
                if (t != null) {
                    rows(c.out(0), 0, valid).assign(softmax(t.sub(row(c.in(1))).divi(tau)));
                }
            }
            if (c.out(1) != null) {
                INDArray mean =
                        t == null ? Nd4j.zeros(c.in(0).dataType(), 1, c.in(0).size(1)) : columnSums(t);
                workers.sum(mean);
                row(c.out(1)).assign(mean.divi(Math.max(1, workers.sum((double) valid))));
            }
        };
    }
}
