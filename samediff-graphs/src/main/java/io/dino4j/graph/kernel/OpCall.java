package io.dino4j.graph.kernel;

import io.dino4j.graph.op.GraphOp;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An op with the arrays it is to work on. All arrays are contiguous in C order and stay where they are as long as the kernel lives.
 *
 * @param op the op and its attributes
 * @param inputs the input arrays, in order
 * @param outputs the output arrays, in order; null where nobody reads the output (it must not be computed if that costs
 *     anything) and where the output is an {@link GraphOp#alias alias}
 * @param context what the kernels of one graph share
 */
public record OpCall(GraphOp op, List<INDArray> inputs, INDArray[] outputs, KernelContext context) {
    /** The input at {@code i}. */
    public INDArray in(int i) {
        return inputs.get(i);
    }

    /** The output at {@code i}; null if it is not to be computed. */
    public INDArray out(int i) {
        return outputs[i];
    }

    /** The last input. */
    public INDArray lastIn() {
        return inputs.get(inputs.size() - 1);
    }
}
