package io.dino4j.graph.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import java.util.ArrayList;
import java.util.List;

/** What a primitive does to its result before it writes it. */
final class PostOps {
    private final List<PostOp> ops = new ArrayList<>();

    /**
     * One of them.
     *
     * @param algorithm oneDNN's number; {@link #SUM} adds to what the output holds
     * @param alpha of an eltwise algorithm
     * @param operand second operand of a binary algorithm, which broadcasts; null for the others
     */
    record PostOp(int algorithm, float alpha, Tensor operand) {
        String layout() {
            return algorithm + ":" + alpha + (operand == null ? "" : operand.layout());
        }
    }

    static final int SUM = -1;

    static PostOps none() {
        return new PostOps();
    }

    PostOps gelu() {
        return eltwise(dnnl_eltwise_gelu_erf, 0);
    }

    PostOps scale(double factor) {
        return eltwise(dnnl_eltwise_linear, (float) factor);
    }

    PostOps times(Tensor operand) {
        ops.add(new PostOp(dnnl_binary_mul, 0, operand));
        return this;
    }

    PostOps plus(Tensor operand) {
        ops.add(new PostOp(dnnl_binary_add, 0, operand));
        return this;
    }

    /** Adds to the output instead of overwriting it. */
    PostOps accumulate() {
        ops.add(new PostOp(SUM, 0, null));
        return this;
    }

    private PostOps eltwise(int algorithm, float alpha) {
        ops.add(new PostOp(algorithm, alpha, null));
        return this;
    }

    List<PostOp> list() {
        return ops;
    }
}
