package io.dino4j.graph.kernel;

import io.dino4j.graph.op.GraphOp;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An op with attributes and with inputs to try it on.
 *
 * @param name what is special about it
 * @param graph how the op is added to a graph
 * @param inputs arrays, DOUBLE (with values that FLOAT holds exactly) or INT32
 * @param outputs the outputs that carry a gradient; none for an op without
 */
public record OpCase(String name, Graph graph, List<INDArray> inputs, List<Integer> outputs) {
    /** Adds an op to a graph. */
    @FunctionalInterface
    public interface Graph {
        /** The op, given its inputs. */
        GraphOp add(SameDiff sd, SDVariable[] in);
    }

    @Override
    public String toString() {
        return name;
    }
}
