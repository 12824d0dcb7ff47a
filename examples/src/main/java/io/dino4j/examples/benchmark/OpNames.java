package io.dino4j.examples.benchmark;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.autodiff.samediff.internal.Variable;

/** The names of the ops of a graph. */
final class OpNames {
    private OpNames() {}

    /** The ops that some outputs need, one entry an op. */
    static List<String> needed(SameDiff graph, List<String> outputs) {
        Deque<String> open = new ArrayDeque<>(outputs);
        Set<String> seen = new HashSet<>();
        List<String> names = new ArrayList<>();
        while (!open.isEmpty()) {
            Variable v = graph.getVariables().get(open.pop());
            if (v.getOutputOfOp() == null || !seen.add(v.getOutputOfOp())) {
                continue;
            }
            SameDiffOp op = graph.getOps().get(v.getOutputOfOp());
            names.add(op.getOp().opName());
            if (op.getInputsToOp() != null) {
                open.addAll(op.getInputsToOp());
            }
        }
        return names;
    }
}
