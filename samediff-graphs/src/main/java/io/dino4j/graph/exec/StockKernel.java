package io.dino4j.graph.exec;

import io.dino4j.graph.kernel.Kernel;
import java.util.List;
import java.util.Set;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.BaseOp;
import org.nd4j.linalg.api.ops.CustomOp;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.Op;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.api.ops.ReduceOp;
import org.nd4j.linalg.api.ops.ScalarOp;
import org.nd4j.linalg.factory.Nd4j;

/** An op of ND4J's own inside a plan: its execution on the plan's arrays. */
final class StockKernel implements Kernel {
    /** Ops of libnd4j that write to the start of a buffer, wherever in it their output lies. */
    private static final Set<String> IGNORE_OFFSET = Set.of("expand_dims", "squeeze");

    private final DifferentialFunction op;
    private final OpContext context;

    /** Binds the op to arrays. */
    StockKernel(DifferentialFunction op, List<INDArray> inputs, INDArray[] outputs) {
        this.op = op;
        this.context = context(op, inputs);
        for (int i = 0; i < outputs.length; i++) {
            context.setOutputArray(i, outputs[i]);
        }
    }

    /** True if the outputs of an op need buffers of their own. */
    static boolean needsOwnBuffers(DifferentialFunction op) {
        return IGNORE_OFFSET.contains(op.opName());
    }

    @Override
    public void run() {
        if (op instanceof CustomOp custom) {
            Nd4j.exec(custom, context);
        } else {
            Nd4j.exec((Op) op, context);
        }
    }

    @Override
    public void close() {
        release(context);
    }

    /** Frees a context. */
    static void release(OpContext context) {
        try {
            context.close();
        } catch (Exception e) {
            throw new IllegalStateException("cannot release the context of an op", e);
        }
    }

    /**
     * The arguments of an op.
     *
     * @throws UnsupportedGraphException if it takes one from an array, where a context has no room for it
     */
    static OpContext context(DifferentialFunction op, List<INDArray> inputs) {
        OpContext context = Nd4j.getExecutioner().buildContext();
        if (op instanceof DynamicCustomOp custom) {
            context.setArgs(
                    inputs.toArray(INDArray[]::new), custom.iArgs(), custom.dArgs(), custom.tArgs(), custom.bArgs());
            return context;
        }
        boolean secondIsData = !(op instanceof ReduceOp) && !(op instanceof ScalarOp);
        if (inputs.size() > 2 || inputs.size() == 2 && !secondIsData || !(op instanceof BaseOp)) {
            throw new UnsupportedGraphException("op " + op.opName() + " takes an argument from an array");
        }
        for (int i = 0; i < inputs.size(); i++) {
            context.setInputArray(i, inputs.get(i));
        }
        return context;
    }
}
