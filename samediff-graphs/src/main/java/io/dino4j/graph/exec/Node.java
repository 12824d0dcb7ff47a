package io.dino4j.graph.exec;

import io.dino4j.graph.op.GraphOp;
import java.util.List;
import org.nd4j.autodiff.functions.DifferentialFunction;

/**
 * One op of a traced graph.
 *
 * @param in its inputs, in order
 * @param out its outputs, in order
 */
record Node(DifferentialFunction op, List<Value> in, List<Value> out) {
    /** False if only the shape of input {@code i} matters. */
    boolean reads(int i) {
        return !(op instanceof GraphOp g) || g.readsInput(i);
    }
}
