package io.dino4j.graph.exec;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.BaseOp;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.api.ops.impl.controlflow.compat.BaseCompatOp;
import org.nd4j.linalg.api.ops.impl.layers.ExternalErrorsFunction;
import org.nd4j.linalg.api.ops.impl.shape.tensorops.BaseTensorOp;
import org.nd4j.linalg.api.shape.LongShapeDescriptor;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The output shapes of ND4J's own ops. Some depend on the values of an input ({@code reshape}, {@code tile}, {@code range} and so
 * on). The values of constants are known; an op that gives different shapes for different values of the others has no static shape.
 */
final class StockShapes {
    /** Ops whose output shape depends on values in a way that does not show when all values of an input are equal. */
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

    /** Ops that read nothing but the shape of their input. */
    private static final Set<String> OF_SHAPES = Set.of("shape_of", "size", "size_at", "rank");

    private StockShapes() {}

    /**
     * An input.
     *
     * @param constant its array if the values are known, else null
     */
    record Sample(long[] shape, DataType type, INDArray constant) {
        /** The constant, or an array of one value: a single element, repeated by strides of zero. */
        INDArray filledWith(int value) {
            if (constant != null) {
                return constant;
            }
            INDArray one = Nd4j.createUninitialized(type, 1).assign(type == DataType.BOOL ? value - 1 : value);
            return shape.length == 0
                    ? one.reshape()
                    : Nd4j.create(one.data(), shape, new long[shape.length], 0, 'c', type);
        }
    }

    /**
     * The shapes of all outputs.
     *
     * @param outputs how many there are
     * @throws UnsupportedGraphException for control flow and for shapes that depend on values
     */
    static List<long[]> of(DifferentialFunction op, List<Sample> inputs, int outputs) {
        if (op instanceof BaseCompatOp
                || op instanceof BaseTensorOp
                || op instanceof ExternalErrorsFunction
                || DYNAMIC_SHAPE.contains(op.opName())) {
            throw noStaticShape(op, null);
        }
        boolean known = inputs.stream().allMatch(i -> i.constant != null);
        List<long[]> shapes = shapes(op, inputs, outputs, 1);
        if (!known
                && !Arrays.deepEquals(
                        shapes.toArray(), shapes(op, inputs, outputs, 2).toArray())) {
            throw noStaticShape(op, null);
        }
        return shapes;
    }

    /** True if the output is known now: shapes, and what is worked out from shapes and integer constants. */
    static boolean isKnown(DifferentialFunction op, List<Sample> inputs) {
        return OF_SHAPES.contains(op.opName())
                || !inputs.isEmpty()
                        && op instanceof DynamicCustomOp
                        && !op.opName().contains("random")
                        && inputs.stream().allMatch(i -> i.constant != null && i.type.isIntType());
    }

    private static List<long[]> shapes(DifferentialFunction op, List<Sample> inputs, int outputs, int value) {
        OpContext context = StockKernel.context(
                op, inputs.stream().map(i -> i.filledWith(value)).toList());
        try {
            List<LongShapeDescriptor> found = op instanceof DynamicCustomOp custom
                    ? custom.calculateOutputShape(context)
                    : ((BaseOp) op).calculateOutputShape(context);
            if (found == null || found.size() != outputs || found.stream().anyMatch(LongShapeDescriptor::isEmpty)) {
                throw noStaticShape(op, null);
            }
            List<long[]> shapes = new ArrayList<>();
            found.forEach(f -> shapes.add(f.getShape()));
            return shapes;
        } catch (UnsupportedGraphException e) {
            throw e;
        } catch (RuntimeException e) {
            throw noStaticShape(op, e);
        } finally {
            StockKernel.release(context);
        }
    }

    private static UnsupportedGraphException noStaticShape(DifferentialFunction op, RuntimeException cause) {
        String why = cause == null ? "" : ": " + cause.getMessage();
        return new UnsupportedGraphException(
                "op %s (%s) has no static shape%s".formatted(op.getOwnName(), op.opName(), why), cause);
    }
}
