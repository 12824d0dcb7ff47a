package io.dino4j.graph.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import io.dino4j.graph.kernel.onednn.Program.Argument;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/**
 * The oneDNN primitives that programs are made of. Every method adds one execution; "in place" is allowed where it says
 * so.
 */
final class Primitives {
    /** From here on a copy that is made once serves. */
    private static final long ROWS_WORTH_A_KEPT_COPY = 256;

    /** From here on a copy made at every run does, in single precision; see {@link #largeMatmul}. */
    private static final long ROWS_WORTH_A_COPY = 1024;

    private final Program p;

    Primitives(Program p) {
        this.p = p;
    }

    /** {@code c = a b}, over equal leading dimensions; any of them may be strided, transposed views included. */
    void matmul(Tensor a, Tensor b, Tensor c, PostOps postOps) {
        matmul(a, b, null, c, postOps);
    }

    /** {@code c = a b + bias}, bias broadcast from {@code [1, n]}; null for none. */
    void matmul(Tensor a, Tensor b, Tensor bias, Tensor c, PostOps postOps) {
        List<Argument> arguments = arguments(DNNL_ARG_SRC, a, DNNL_ARG_WEIGHTS, b, DNNL_ARG_DST, c);
        if (bias != null) {
            arguments.add(new Argument(DNNL_ARG_BIAS, bias));
        }
        p.execute(
                "matmul",
                (n, pd, attr) -> dnnl_matmul_primitive_desc_create(
                        pd, Dnnl.engine(), n.desc(a), n.desc(b), bias == null ? null : n.desc(bias), n.desc(c), attr),
                postOps,
                arguments);
    }

    /**
     * {@link #matmul(Tensor, Tensor, Tensor, Tensor, PostOps)} of large matrices: {@code b} is copied into the layout
     * that oneDNN likes best, which takes 2 to 3 % of the time of a product with 2,000 rows and saves 5 to 9 %; with 400
     * rows it costs more than it saves, and with 1,000 as much. The copy of a weight that its owner speaks for is kept until it changes.
     */
    void largeMatmul(Tensor a, Tensor b, Tensor bias, Tensor c, PostOps postOps) {
        matmul(a, packed(a, b, bias, c, postOps), bias, c, postOps);
    }

    /**
     * {@code b} as the second operand of a product like this one, which has the type of {@code a}: {@code b} itself if a
     * copy is neither needed nor worth its time. The number of rows of {@code a} may differ a little.
     */
    Tensor packed(Tensor a, Tensor b, Tensor bias, Tensor c, PostOps postOps) {
        int type = a.type();
        boolean everyRun = type == dnnl_f32 && !p.isKept(b);
        if (a.rows() < (everyRun ? ROWS_WORTH_A_COPY : ROWS_WORTH_A_KEPT_COPY)) {
            return type == b.type() ? b : copied(b, room(b, type, b.length()).reshape(b.dims()));
        }
        dnnl_memory_desc layout = p.natives().preferred(a, b, bias, c, postOps);
        Tensor packed = room(b, type, dnnl_memory_desc_get_size(layout) / Tensor.bytes(type));
        return copied(b, packed.as(layout, b.dims()));
    }

    private Tensor room(Tensor weight, int type, long elements) {
        return p.isKept(weight) ? p.kept(type, elements) : p.scratchOf(type, elements);
    }

    private Tensor copied(Tensor weight, Tensor copy) {
        if (p.isKept(weight)) {
            p.whenWeightsChange(() -> reorder(weight, copy));
        } else {
            reorder(weight, copy);
        }
        return copy;
    }

    /** {@code y = f(x)} element by element; in place if {@code y} is {@code x}. */
    void eltwise(int algorithm, Tensor x, Tensor y) {
        eltwise(algorithm, x, y, PostOps.none());
    }

    /** {@code y = f(x)} with a parameter. */
    void eltwise(int algorithm, Tensor x, Tensor y, float alpha) {
        eltwise(algorithm, x, y, alpha, PostOps.none());
    }

    /** As {@link #eltwise(int, Tensor, Tensor)}, with more to do before the result is written. */
    void eltwise(int algorithm, Tensor x, Tensor y, PostOps postOps) {
        eltwise(algorithm, x, y, 1, postOps);
    }

    private void eltwise(int algorithm, Tensor x, Tensor y, float alpha, PostOps postOps) {
        p.execute(
                "eltwise" + algorithm + " " + alpha + " ",
                (n, pd, attr) -> dnnl_eltwise_forward_primitive_desc_create(
                        pd, Dnnl.engine(), dnnl_forward_inference, algorithm, n.desc(x), n.desc(y), alpha, 0, attr),
                postOps,
                arguments(DNNL_ARG_SRC, x, DNNL_ARG_DST, y));
    }

    /** {@code dx = dy * f'(x)}. */
    void eltwiseBackward(int algorithm, Tensor x, Tensor dy, Tensor dx) {
        p.execute(
                "eltwise backward" + algorithm,
                (n, pd, attr) -> {
                    dnnl_memory_desc data = n.desc(x);
                    dnnl_primitive_desc forward = new dnnl_primitive_desc();
                    int status = dnnl_eltwise_forward_primitive_desc_create(
                            forward, Dnnl.engine(), dnnl_forward_training, algorithm, data, data, 1, 0, null);
                    if (status == dnnl_success) {
                        status = dnnl_eltwise_backward_primitive_desc_create(
                                pd, Dnnl.engine(), algorithm, n.desc(dx), n.desc(dy), data, 1, 0, forward, attr);
                        dnnl_primitive_desc_destroy(forward);
                    }
                    return status;
                },
                PostOps.none(),
                arguments(DNNL_ARG_SRC, x, DNNL_ARG_DIFF_DST, dy, DNNL_ARG_DIFF_SRC, dx));
    }

    /** {@code c = a op b}, where {@code b} broadcasts; in place if {@code c} is {@code a}. */
    void binary(int algorithm, Tensor a, Tensor b, Tensor c, PostOps postOps) {
        p.execute(
                "binary" + algorithm,
                (n, pd, attr) -> dnnl_binary_primitive_desc_create(
                        pd, Dnnl.engine(), algorithm, n.desc(a), n.desc(b), n.desc(c), attr),
                postOps,
                arguments(DNNL_ARG_SRC_0, a, DNNL_ARG_SRC_1, b, DNNL_ARG_DST, c));
    }

    /** Copies between equal sizes and different strides. */
    void reorder(Tensor x, Tensor y) {
        p.execute(
                "reorder",
                (n, pd, attr) -> dnnl_reorder_primitive_desc_create(
                        pd, n.desc(x), Dnnl.engine(), n.desc(y), Dnnl.engine(), attr),
                PostOps.none(),
                arguments(DNNL_ARG_FROM, x, DNNL_ARG_TO, y));
    }

    /** Softmax over the last dimension; in place if {@code y} is {@code x}. */
    void softmax(Tensor x, Tensor y) {
        softmax(dnnl_softmax_accurate, x, y);
    }

    /** The logarithm of {@link #softmax}. */
    void logSoftmax(Tensor x, Tensor y) {
        softmax(dnnl_softmax_log, x, y);
    }

    private void softmax(int algorithm, Tensor x, Tensor y) {
        p.execute(
                "softmax" + algorithm,
                (n, pd, attr) -> dnnl_softmax_forward_primitive_desc_create(
                        pd,
                        Dnnl.engine(),
                        dnnl_forward_inference,
                        algorithm,
                        n.desc(x),
                        n.desc(y),
                        x.dims().length - 1,
                        attr),
                PostOps.none(),
                arguments(DNNL_ARG_SRC, x, DNNL_ARG_DST, y));
    }

    /** {@code dx = y * (dy - sum(y dy))} over the last dimension; in place if {@code dx} is {@code dy}. */
    void softmaxBackward(Tensor y, Tensor dy, Tensor dx) {
        p.execute(
                "softmax backward",
                (n, pd, attr) -> {
                    int axis = y.dims().length - 1;
                    dnnl_memory_desc data = n.desc(y);
                    dnnl_primitive_desc forward = new dnnl_primitive_desc();
                    int status = dnnl_softmax_forward_primitive_desc_create(
                            forward,
                            Dnnl.engine(),
                            dnnl_forward_training,
                            dnnl_softmax_accurate,
                            data,
                            data,
                            axis,
                            null);
                    if (status == dnnl_success) {
                        status = dnnl_softmax_backward_primitive_desc_create(
                                pd,
                                Dnnl.engine(),
                                dnnl_softmax_accurate,
                                n.desc(dx),
                                n.desc(dy),
                                data,
                                axis,
                                forward,
                                attr);
                        dnnl_primitive_desc_destroy(forward);
                    }
                    return status;
                },
                PostOps.none(),
                arguments(DNNL_ARG_DST, y, DNNL_ARG_DIFF_DST, dy, DNNL_ARG_DIFF_SRC, dx));
    }

    /** Layer normalisation of a matrix's rows; {@code mean} and {@code variance} are written unless both are null. */
    void layerNorm(Tensor x, Tensor weight, Tensor bias, Tensor y, Tensor mean, Tensor variance, double eps) {
        boolean training = mean != null;
        List<Argument> arguments =
                arguments(DNNL_ARG_SRC, x, DNNL_ARG_SCALE, weight, DNNL_ARG_SHIFT, bias, DNNL_ARG_DST, y);
        if (training) {
            arguments.add(new Argument(DNNL_ARG_MEAN, mean));
            arguments.add(new Argument(DNNL_ARG_VARIANCE, variance));
        }
        p.execute(
                "layer norm" + training + eps,
                (n, pd, attr) -> dnnl_layer_normalization_forward_primitive_desc_create(
                        pd,
                        Dnnl.engine(),
                        training ? dnnl_forward_training : dnnl_forward_inference,
                        n.desc(x),
                        n.desc(y),
                        training ? n.desc(mean) : null,
                        (float) eps,
                        dnnl_use_scale | dnnl_use_shift,
                        attr),
                PostOps.none(),
                arguments);
    }

    /** Gradient of {@link #layerNorm} with an eps of 0, so {@code variance} holds {@code 1 / rstd^2}. */
    void layerNormBackward(
            Tensor x, Tensor weight, Tensor mean, Tensor variance, Tensor dy, Tensor dx, Tensor dWeight, Tensor dBias) {
        int flags = dnnl_use_scale | dnnl_use_shift;
        p.execute(
                "layer norm backward",
                (n, pd, attr) -> {
                    dnnl_memory_desc data = n.desc(x);
                    dnnl_memory_desc statistics = n.desc(mean);
                    dnnl_primitive_desc forward = new dnnl_primitive_desc();
                    int status = dnnl_layer_normalization_forward_primitive_desc_create(
                            forward, Dnnl.engine(), dnnl_forward_training, data, data, statistics, 0, flags, null);
                    if (status == dnnl_success) {
                        status = dnnl_layer_normalization_backward_primitive_desc_create(
                                pd,
                                Dnnl.engine(),
                                dnnl_backward,
                                n.desc(dx),
                                n.desc(dy),
                                data,
                                statistics,
                                0,
                                flags,
                                forward,
                                attr);
                        dnnl_primitive_desc_destroy(forward);
                    }
                    return status;
                },
                PostOps.none(),
                arguments(
                        DNNL_ARG_SRC,
                        x,
                        DNNL_ARG_SCALE,
                        weight,
                        DNNL_ARG_MEAN,
                        mean,
                        DNNL_ARG_VARIANCE,
                        variance,
                        DNNL_ARG_DIFF_DST,
                        dy,
                        DNNL_ARG_DIFF_SRC,
                        dx,
                        DNNL_ARG_DIFF_SCALE,
                        dWeight,
                        DNNL_ARG_DIFF_SHIFT,
                        dBias));
    }

    private static List<Argument> arguments(Object... pairs) {
        List<Argument> list = new ArrayList<>();
        for (int i = 0; i < pairs.length; i += 2) {
            list.add(new Argument((Integer) pairs[i], (Tensor) pairs[i + 1]));
        }
        return list;
    }
}
