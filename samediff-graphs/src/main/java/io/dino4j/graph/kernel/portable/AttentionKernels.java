package io.dino4j.graph.kernel.portable;

import static io.dino4j.graph.kernel.portable.Algebra.as;
import static io.dino4j.graph.kernel.portable.Algebra.exp;
import static io.dino4j.graph.kernel.portable.Algebra.rows;
import static io.dino4j.graph.kernel.portable.Algebra.times;
import static io.dino4j.graph.kernel.portable.Algebra.timesTransposed;
import static io.dino4j.graph.kernel.portable.Algebra.transposedTimes;

import io.dino4j.graph.kernel.Kernel;
import io.dino4j.graph.kernel.OpCall;
import io.dino4j.graph.op.Attention;
import io.dino4j.graph.op.Attention.Sequences;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Attention, group by group. The pairs of sequence and head of a group are independent of each other; as many at a time as fit
 * into one tile have their scores in memory. The gradient works the scores out again rather than keeping them (FlashAttention,
 * arXiv 2205.14135).
 */
final class AttentionKernels {
    private AttentionKernels() {}

    static Kernel attention(OpCall c) {
        Attention op = (Attention) c.op();
        return () -> {
            long row = 0;
            for (Sequences group : op.groups(c.in(0).size(0))) {
                if (group.count() > 0) {
                    forward(c, new Heads(group, op.heads(), row));
                }
                row += (long) group.count() * group.length();
            }
        };
    }

    private static void forward(OpCall c, Heads heads) {
        INDArray[] qkv = heads.split(c.in(0), 3);
        INDArray o = qkv[0].ulike(); // [P, N, d]
        INDArray lse = Nd4j.create(o.dataType(), heads.pairs(), heads.length(), 1);
        double scale = 1 / Math.sqrt(o.size(2));
        for (long from = 0; from < heads.pairs(); from += heads.tile()) {
            INDArray q = heads.tile(qkv[0], from);
            INDArray p = timesTransposed(q, heads.tile(qkv[1], from)).muli(scale); // [tile, N, N]
            INDArray max = p.max(true, 2);
            p = exp(p.subi(max));
            INDArray sum = p.sum(true, 2);
            heads.tile(o, from).assign(times(p, heads.tile(qkv[2], from)).divi(sum));
            heads.tile(lse, from).assign(Transforms.log(sum).addi(max));
        }
        if (c.out(0) != null) {
            heads.join(c.out(0), o);
        }
        if (c.out(1) != null) {
            heads.join(c.out(1), lse);
        }
    }

    static Kernel attentionGrad(OpCall c) {
        Attention.Grad op = (Attention.Grad) c.op();
        return () -> {
            long row = 0;
            for (Sequences group : op.groups(c.in(0).size(0))) {
                if (group.count() > 0) {
                    backward(c, new Heads(group, op.heads(), row));
                }
                row += (long) group.count() * group.length();
            }
        };
    }

    private static void backward(OpCall c, Heads heads) {
        INDArray[] qkv = heads.split(c.in(0), 3);
        INDArray o = heads.split(c.in(1), 1)[0]; // [P, N, d]
        INDArray lse = heads.split(c.in(2), 1)[0]; // [P, N, 1]
        INDArray dO = heads.split(c.in(3), 1)[0];
        INDArray[] dQkv = {o.ulike(), o.ulike(), o.ulike()};
        double scale = 1 / Math.sqrt(o.size(2));
        INDArray delta = dO.mul(o).sum(true, 2); // rowsum(dP * P) = rowsum(dO * O)
        for (long from = 0; from < heads.pairs(); from += heads.tile()) {
            INDArray q = heads.tile(qkv[0], from);
            INDArray k = heads.tile(qkv[1], from);
            INDArray v = heads.tile(qkv[2], from);
            INDArray dOut = heads.tile(dO, from);
            INDArray p = exp(timesTransposed(q, k).muli(scale).subi(heads.tile(lse, from))); // [tile, N, N]
            heads.tile(dQkv[2], from).assign(transposedTimes(p, dOut));
            INDArray dS = timesTransposed(dOut, v)
                    .subi(heads.tile(delta, from))
                    .muli(p)
                    .muli(scale);
            heads.tile(dQkv[0], from).assign(times(dS, k));
            heads.tile(dQkv[1], from).assign(transposedTimes(dS, q));
        }
        heads.join(c.out(0), dQkv);
    }

    /** Where the {@code P = count * heads} pairs of sequence and head of a group lie. */
    private record Heads(Sequences group, int heads, long firstRow) {
        long pairs() {
            return (long) group.count() * heads;
        }

        long length() {
            return group.length();
        }

        /** Pairs whose scores are in memory at a time. */
        long tile() {
            return Math.max(1, Math.min(pairs(), Algebra.TILE / (length() * length())));
        }

        /** Pairs {@code from} to {@code from + tile} of an array {@code [P, N, d]}: a view. */
        INDArray tile(INDArray x, long from) {
            long count = Math.min(tile(), pairs() - from);
            long size = x.size(1) * x.size(2);
            INDArray rows = rows(as(x, pairs(), size), from, count);
            return as(rows, count, x.size(1), x.size(2));
        }

        /** The rows of the group in {@code x [T, parts * heads * d]} as {@code parts} arrays {@code [P, N, d]}. */
        INDArray[] split(INDArray x, int parts) {
            INDArray[] split = new INDArray[parts];
            INDArray byHead = byHead(x, parts);
            for (int i = 0; i < parts; i++) {
                split[i] = part(byHead, i).dup('c').reshape('c', pairs(), length(), byHead.size(4));
            }
            return split;
        }

        /** The inverse of {@link #split}. */
        void join(INDArray x, INDArray... parts) {
            INDArray byHead = byHead(x, parts.length);
            for (int i = 0; i < parts.length; i++) {
                part(byHead, i).assign(as(parts[i], group.count(), heads, length(), byHead.size(4)));
            }
        }

        /** A view {@code [count, N, parts, heads, d]}. */
        private INDArray byHead(INDArray x, int parts) {
            INDArray rows = rows(x, firstRow, group.count() * length());
            return as(rows, group.count(), length(), parts, heads, x.size(1) / ((long) parts * heads));
        }

        /** A view {@code [count, heads, N, d]}. */
        private INDArray part(INDArray byHead, int i) {
            long[] shape = {group.count(), length(), heads, byHead.size(4)};
            long[] stride = {byHead.stride(0), byHead.stride(1), byHead.stride(3), 1};
            long offset = byHead.offset() + i * byHead.stride(2);
            return Nd4j.create(byHead.data(), shape, stride, offset, 'c').permute(0, 2, 1, 3);
        }
    }
}
