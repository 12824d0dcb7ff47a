package io.dino4j.graph.exec;

import io.dino4j.graph.kernel.Kernel;
import java.util.List;
import java.util.Set;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.BaseOp;
import org.nd4j.linalg.api.ops.CustomOp;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.Op;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.api.ops.ReduceOp;
import org.nd4j.linalg.api.ops.ScalarOp;
import org.nd4j.linalg.api.ops.impl.controlflow.compat.BaseCompatOp;
import org.nd4j.linalg.api.ops.impl.layers.ExternalErrorsFunction;
import org.nd4j.linalg.api.ops.impl.shape.tensorops.BaseTensorOp;
import org.nd4j.linalg.api.shape.LongShapeDescriptor;
import org.nd4j.linalg.factory.Nd4j;

/** An op of ND4J's own inside a plan: its shapes, and its execution on the plan's arrays. */
final class StockKernel implements Kernel {
    /** Ops whose output shape depends on the values of their inputs. */
    private static final Set<String> DYNAMIC_SHAPE = Set.of(
            "Where",
            "where_np",
            "unique",
            "unique_with_counts",
            "boolean_mask",
            "listdiff",
            "dynamic_partition",
            "dynamic_stitch",
            "non_max_suppression",
            "non_max_suppression_v3",
            "invoke",
            "create_view",
            "assign");

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

    private static void release(OpContext context) {
        try {
            context.close();
        } catch (Exception e) {
            throw new IllegalStateException("cannot release the context of an op", e);
        }
    }

    /**
     * The output shapes of an op.
     *
     * @param inputs arrays of the input shapes; constants with their values
     * @throws UnsupportedGraphException for control flow and for shapes that depend on values
     */
    static List<LongShapeDescriptor> shapes(DifferentialFunction op, List<INDArray> inputs) {
        if (op instanceof BaseCompatOp
                || op instanceof BaseTensorOp
                || op instanceof ExternalErrorsFunction
                || DYNAMIC_SHAPE.contains(op.opName())) {
            throw new UnsupportedGraphException("op " + op.opName() + " has no static shape");
        }
        OpContext context = context(op, inputs);
        List<LongShapeDescriptor> shapes = op instanceof DynamicCustomOp custom
                ? custom.calculateOutputShape(context)
                : ((BaseOp) op).calculateOutputShape(context);
        release(context);
        if (shapes == null || shapes.isEmpty()) {
            throw new UnsupportedGraphException("op " + op.opName() + " does not tell its shape");
        }
        return shapes;
    }

    private static OpContext context(DifferentialFunction op, List<INDArray> inputs) {
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

    /** The type SameDiff gives to an output, whatever the shape function says. */
    static DataType typeOf(DifferentialFunction op, String output) {
        return op.getSameDiff().getVariable(output).dataType();
    }
}
