package io.dino4j.graph.exec;

import io.dino4j.graph.op.GraphOp;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Trades time for memory: what lies between checkpoints is not kept for the ops that read it later, the gradients, but made again
 * from the checkpoints just before them (Chen et al. 2016, "Training deep nets with sublinear memory cost").
 *
 * <p>A block is what one checkpoint needs and no earlier one does. Ops within a block read what was made first. The first op outside
 * that reads a value of the block has it made again, and what it takes to make it; later ones read the same copy. Only ops of
 * dino4j are repeated: they give the same bits each time, which nobody promises for ops of libnd4j.
 */
final class Recomputation {
    private final Map<Value, Node> producers = new HashMap<>();
    private final Map<Node, Integer> blocks = new IdentityHashMap<>();
    private final Set<Value> kept = new HashSet<>();
    private final Map<Value, Value> copies = new HashMap<>();
    private final List<Node> nodes = new ArrayList<>();
    private final List<Value> values = new ArrayList<>();

    /**
     * Rewrites a list of ops.
     *
     * @param order the ops, each after those it reads from
     * @param checkpoints values that are kept, from first to last
     * @param outputs values that are kept because the caller wants them
     */
    Recomputation(List<Node> order, List<Value> checkpoints, List<Value> outputs) {
        order.forEach(n -> n.out().forEach(v -> producers.put(v, n)));
        for (int i = 0; i < checkpoints.size(); i++) {
            findBlock(i, checkpoints.get(i));
        }
        kept.addAll(checkpoints);
        kept.addAll(outputs);
        for (Node n : order) {
            Integer block = blocks.get(n);
            if (block != null) {
                // one block's intermediate value that another reads is a checkpoint in all but name
                n.in().stream().filter(v -> !block.equals(blockOf(v))).forEach(kept::add);
            }
        }
        for (Node n : order) {
            nodes.add(blocks.containsKey(n) ? n : new Node(n.op(), inputsAgain(n), n.out()));
        }
    }

    /** The new list. */
    List<Node> nodes() {
        return nodes;
    }

    /** The values that were added. */
    List<Value> values() {
        return values;
    }

    private void findBlock(int block, Value checkpoint) {
        Deque<Value> open = new ArrayDeque<>(List.of(checkpoint));
        while (!open.isEmpty()) {
            Node n = producers.get(open.pop());
            if (n != null && blocks.putIfAbsent(n, block) == null) {
                open.addAll(n.in());
            }
        }
    }

    /** Null if no block makes it. */
    private Integer blockOf(Value v) {
        return blocks.get(producers.get(v));
    }

    private boolean isKept(Value v) {
        Node producer = producers.get(v);
        return producer == null
                || !blocks.containsKey(producer)
                || kept.contains(v)
                || (v.host() == null ? !(producer.op() instanceof GraphOp) : isKept(v.host()));
    }

    private List<Value> inputsAgain(Node n) {
        List<Value> in = new ArrayList<>(n.in());
        for (int i = 0; i < in.size(); i++) {
            if (n.reads(i)) {
                in.set(i, again(in.get(i)));
            }
        }
        return in;
    }

    /** A value to read now: itself if it is kept, else its copy, made where the list ends if there is none yet. */
    private Value again(Value v) {
        if (isKept(v)) {
            return v;
        }
        if (!copies.containsKey(v)) {
            if (v.host() == null) {
                repeat(producers.get(v));
            } else {
                copy(v, again(v.host()));
            }
        }
        return copies.get(v);
    }

    private void repeat(Node n) {
        List<Value> in = inputsAgain(n);
        // aliases are not written by the op: they keep their place in the list, no more
        List<Value> out =
                n.out().stream().map(v -> v.host() == null ? copy(v, null) : v).toList();
        nodes.add(new Node(n.op(), in, out));
    }

    private Value copy(Value v, Value host) {
        Value copy = v.repeated(host);
        copies.put(v, copy);
        values.add(copy);
        return copy;
    }
}
