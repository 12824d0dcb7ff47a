package io.dino4j.graph.kernel;

import io.dino4j.graph.op.GraphOp;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.same.Identity;
import org.nd4j.linalg.factory.Nd4j;

/** The op of a case and the gradient ops that its {@code doDiff} adds, wired by SameDiff, run one by one. */
final class WiredOp {
    private final SDVariable[] inputs;
    private final GraphOp op;
    private final SDVariable[] outputs;
    private final SDVariable[] outputGradients;
    private final List<SDVariable> inputGradients;
    private final List<GraphOp> ops = new ArrayList<>();
    private final Map<String, String> passedOn = new HashMap<>();

    WiredOp(OpCase c) {
        this(c, c.inputs().stream().map(INDArray::dataType).toList());
    }

    /** With inputs of given types. */
    WiredOp(OpCase c, List<DataType> types) {
        SameDiff sd = SameDiff.create();
        inputs = new SDVariable[c.inputs().size()];
        for (int i = 0; i < inputs.length; i++) {
            inputs[i] = sd.placeHolder("in" + i, types.get(i), c.inputs().get(i).shape());
        }
        op = c.graph().add(sd, inputs);
        outputs = op.outputVariables();
        outputGradients = new SDVariable[outputs.length];
        long[][] shapes =
                op.outputShapes(c.inputs().stream().map(INDArray::shape).toArray(long[][]::new));
        for (int i = 0; i < outputs.length; i++) {
            DataType type = outputs[i].dataType();
            outputGradients[i] = sd.placeHolder("gradient" + i, type.isFPType() ? type : types.get(0), shapes[i]);
        }
        inputGradients = c.outputs().isEmpty() ? List.of() : op.doDiff(List.of(outputGradients));
        for (var function : sd.ops()) {
            if (function instanceof GraphOp) {
                ops.add((GraphOp) function);
            } else if (function instanceof Identity) {
                passedOn.put(function.outputVariable().name(), function.arg().name());
            } else {
                throw new AssertionError("doDiff adds an op of ND4J: " + function.opName());
            }
        }
    }

    /** The op, then its gradient ops. */
    List<GraphOp> ops() {
        return ops;
    }

    GraphOp op() {
        return op;
    }

    /** The arrays that {@code of} reads. */
    List<INDArray> inputs(GraphOp of, Map<String, INDArray> values) {
        List<INDArray> arrays = new ArrayList<>();
        for (SDVariable v : of.args()) {
            arrays.add(values.get(v.name()));
        }
        return arrays;
    }

    /** The arrays that {@code of} made. */
    List<INDArray> outputs(GraphOp of, Map<String, INDArray> values) {
        List<INDArray> arrays = new ArrayList<>();
        for (SDVariable v : of.outputVariables()) {
            arrays.add(values.get(v.name()));
        }
        return arrays;
    }

    /** Runs all ops; {@code gradients} are those of the outputs, null for zero. The values of all variables, by name. */
    Map<String, INDArray> run(OpRunner runner, List<INDArray> in, List<INDArray> gradients) {
        Map<String, INDArray> values = new HashMap<>();
        for (int i = 0; i < inputs.length; i++) {
            values.put(inputs[i].name(), in.get(i));
        }
        for (GraphOp o : ops) {
            List<INDArray> made = runner.run(o, inputs(o, values));
            for (int i = 0; i < made.size(); i++) {
                values.put(o.outputVariables()[i].name(), made.get(i));
            }
            if (o == op) {
                for (int i = 0; i < outputs.length; i++) {
                    INDArray g = gradients.get(i);
                    values.put(
                            outputGradients[i].name(),
                            g != null
                                    ? g
                                    : Nd4j.zeros(runner.type(), made.get(i).shape()));
                }
            }
        }
        passedOn.forEach((to, from) -> values.put(to, values.get(from)));
        return values;
    }

    /** True if {@code doDiff} gives input {@code i} a gradient: it may leave constants at the end out. */
    boolean hasGradient(int i) {
        return i < inputGradients.size();
    }

    /** The gradient of input {@code i} among the values of {@link #run}. */
    INDArray gradient(int i, Map<String, INDArray> values) {
        return values.get(inputGradients.get(i).name());
    }
}
