package io.dino4j.graph.exec;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.autodiff.samediff.internal.Variable;

/**
 * What outputs of a graph depend on.
 *
 * @param ops the ops, each after those it reads from, otherwise in the order they were added to the graph
 * @param leaves names of the variables that no op makes
 */
record OpOrder(List<SameDiffOp> ops, Set<String> leaves) {
    /**
     * Walks back from the outputs.
     *
     * @throws IllegalArgumentException if the graph has no such outputs
     * @throws UnsupportedGraphException if it has control dependencies or a cycle
     */
    static OpOrder of(SameDiff graph, List<String> outputs) {
        List<String> unknown = outputs.stream()
                .filter(o -> !graph.getVariables().containsKey(o))
                .distinct()
                .toList();
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException("the graph has no variables " + unknown);
        }
        Set<String> ops = new HashSet<>();
        Set<String> leaves = new HashSet<>();
        Deque<String> open = new ArrayDeque<>(outputs);
        while (!open.isEmpty()) {
            Variable v = graph.getVariables().get(open.pop());
            requireNone(v.getControlDeps(), "variable " + v.getName());
            String op = v.getOutputOfOp();
            if (op == null) {
                leaves.add(v.getName());
            } else if (ops.add(op)) {
                SameDiffOp o = graph.getOps().get(op);
                requireNone(o.getControlDeps(), "op " + op);
                requireNone(o.getVarControlDeps(), "op " + op);
                open.addAll(inputs(o));
            }
        }
        return new OpOrder(ordered(graph, ops), leaves);
    }

    /** The placeholders that outputs depend on. */
    static Set<String> placeholders(SameDiff graph, List<String> outputs) {
        Set<String> names = new TreeSet<>(of(graph, outputs).leaves);
        names.removeIf(n -> graph.getVariable(n).getVariableType() != VariableType.PLACEHOLDER);
        return names;
    }

    /** The inputs of an op, by name. */
    static List<String> inputs(SameDiffOp op) {
        return op.getInputsToOp() == null ? List.of() : op.getInputsToOp();
    }

    private static void requireNone(List<String> controlDependencies, String of) {
        if (controlDependencies != null && !controlDependencies.isEmpty()) {
            throw new UnsupportedGraphException(of + " has control dependencies");
        }
    }

    private static List<SameDiffOp> ordered(SameDiff graph, Set<String> needed) {
        List<SameDiffOp> order = new ArrayList<>();
        Set<String> done = new HashSet<>();
        for (SameDiffOp op : graph.getOps().values()) {
            if (needed.contains(op.getName())) {
                visit(graph, op, done, order);
            }
        }
        return order;
    }

    private static void visit(SameDiff graph, SameDiffOp start, Set<String> done, List<SameDiffOp> order) {
        Deque<SameDiffOp> stack = new ArrayDeque<>(List.of(start));
        Set<String> open = new HashSet<>();
        while (!stack.isEmpty()) {
            SameDiffOp op = stack.peek();
            if (done.contains(op.getName())) {
                stack.pop();
                continue;
            }
            if (!open.add(op.getName())) {
                stack.pop();
                done.add(op.getName());
                order.add(op);
                continue;
            }
            for (String in : inputs(op)) {
                String producer = graph.getVariables().get(in).getOutputOfOp();
                if (producer != null && !done.contains(producer)) {
                    if (open.contains(producer)) {
                        throw new UnsupportedGraphException("op " + producer + " depends on itself");
                    }
                    stack.push(graph.getOps().get(producer));
                }
            }
        }
    }
}
