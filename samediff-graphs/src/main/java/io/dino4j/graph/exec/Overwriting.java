package io.dino4j.graph.exec;

import io.dino4j.graph.op.GraphOp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;

/**
 * Has ops write over inputs that nobody wants any more, where they can ({@link GraphOp#inPlaceOf}), and leaves out those that would only
 * put together what lies together already ({@link GraphOp#isStack}). It comes after lives are measured and before anything is placed.
 */
final class Overwriting {
    private final List<Node> nodes;
    private final List<Value> lasting;

    /**
     * For one traced graph.
     *
     * @param nodes ops in order
     * @param outputs values that must survive the run
     * @param placeholders values that must survive it too: the caller may run again without writing them
     */
    Overwriting(List<Node> nodes, Collection<Value> outputs, Collection<Value> placeholders) {
        this.nodes = nodes;
        lasting = new ArrayList<>(outputs);
        lasting.addAll(placeholders);
    }

    void apply() {
        for (int at = 0; at < nodes.size(); at++) {
            if (nodes.get(at).op() instanceof GraphOp g) {
                if (g.isStack()) {
                    stack(at);
                } else {
                    overwrite(g, at);
                }
            }
        }
    }

    private void overwrite(GraphOp g, int at) {
        Node n = nodes.get(at);
        for (int i = 0; i < n.out().size(); i++) {
            int j = g.inPlaceOf(i);
            Value out = n.out().get(i);
            if (j < 0 || n.in().get(j).length() != out.length()) {
                continue;
            }
            if (isMovable(out)) {
                move(out, List.of(n.in().get(j)), at, true);
            } else if (out.isOutside()) {
                prepare(out, n.in().get(j), at);
            }
        }
    }

    /** Has an input made right in the caller's array that will be written over it. */
    private void prepare(Value out, Value in, int at) {
        boolean whole = in.isOfArena() && Arrays.equals(in.shape, out.shape) && in.type == out.type;
        if (whole && isFree(in, List.of(in), at)) {
            in.takeArrayOf(out);
        }
    }

    private void stack(int at) {
        Node n = nodes.get(at);
        Value first = n.in().get(0);
        long next = first.ownerOffset();
        for (Value v : n.in()) {
            if (v.owner() != first.owner() || v.ownerOffset() != next) {
                return;
            }
            next += v.length();
        }
        if (isMovable(n.out().get(0))) {
            move(n.out().get(0), n.in(), at, false);
        }
    }

    private static boolean isMovable(Value out) {
        return out.isOfArena() && out.isRead();
    }

    /** Moves an output into the memory of inputs that lie below one another, if it is free. */
    private void move(Value out, List<Value> over, int at, boolean written) {
        Value owner = over.get(0).owner();
        if (owner.isOfArena() && owner.type == out.type && over.stream().allMatch(v -> isFree(v, over, at))) {
            out.moveInto(owner, over.get(0).ownerOffset(), written);
        }
    }

    /** True if nobody reads the memory of a value after an op, nor the op itself as another of its inputs. */
    private boolean isFree(Value v, List<Value> over, int at) {
        if (lasting.stream().anyMatch(o -> overlap(o, v))
                || Collections.frequency(nodes.get(at).in(), v) > 1) {
            return false;
        }
        for (int k = at; k < nodes.size(); k++) {
            Node n = nodes.get(k);
            for (int i = 0; i < n.in().size(); i++) {
                boolean itself = k == at && over.contains(n.in().get(i));
                if (!itself && n.reads(i) && overlap(n.in().get(i), v)) {
                    return false;
                }
            }
        }
        return true;
    }

    private static boolean overlap(Value a, Value b) {
        return a.owner() == b.owner()
                && a.ownerOffset() < b.ownerOffset() + b.length()
                && b.ownerOffset() < a.ownerOffset() + a.length();
    }
}
