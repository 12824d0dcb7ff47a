package io.dino4j.graph.exec;

import io.dino4j.graph.op.GraphOp;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.autodiff.samediff.internal.Variable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.same.Identity;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The walk through a graph that a plan is made from: which ops the outputs need and in which order, the shape of every value, which values
 * share memory, and how long each is needed.
 */
final class Trace {
    private final SameDiff graph;
    private final Bindings bindings;
    private final Map<String, INDArray> given;
    private final Map<String, Value> values = new LinkedHashMap<>();
    private final Map<String, INDArray> variables = new LinkedHashMap<>();
    private final List<Node> nodes = new ArrayList<>();
    private final List<Value> placeholders = new ArrayList<>();
    private final List<Copy> copies = new ArrayList<>();
    private final List<Copy> refreshes = new ArrayList<>();

    private record Node(DifferentialFunction op, List<Value> in, List<Value> out) {}

    /** What outputs depend on: names of ops, and of the variables that no op makes. */
    private record Needed(Set<String> ops, Set<String> leaves) {}

    /** A copy that every run makes. */
    record Copy(INDArray from, INDArray to) {}

    /** An op on bound arrays; an output is null if nobody reads it or it is an alias. */
    record Call(DifferentialFunction op, List<INDArray> inputs, INDArray[] outputs) {}

    private Trace(SameDiff graph, Map<String, INDArray> given, Bindings bindings) {
        this.graph = graph;
        this.given = given;
        this.bindings = bindings;
    }

    static Trace of(SameDiff graph, List<String> outputs, Map<String, INDArray> inputs, Bindings bindings) {
        Trace trace = new Trace(graph, inputs, bindings);
        Needed needed = needed(graph, outputs);
        trace.requireTargetsOf(outputs);
        trace.requireShapes(needed.leaves);
        for (SameDiffOp op : trace.ordered(needed.ops)) {
            trace.add(op);
        }
        trace.measureLives(outputs);
        return trace;
    }

    /** The placeholders that the outputs depend on. */
    static Set<String> placeholders(SameDiff graph, List<String> outputs) {
        Set<String> names = new TreeSet<>(needed(graph, outputs).leaves);
        names.removeIf(n -> graph.getVariable(n).getVariableType() != VariableType.PLACEHOLDER);
        return names;
    }

    private static Needed needed(SameDiff graph, List<String> outputs) {
        List<String> unknown = outputs.stream()
                .filter(o -> !graph.getVariables().containsKey(o))
                .distinct()
                .toList();
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException("the graph has no variables " + unknown);
        }
        Needed needed = new Needed(new HashSet<>(), new HashSet<>());
        Deque<String> open = new ArrayDeque<>(outputs);
        while (!open.isEmpty()) {
            Variable v = graph.getVariables().get(open.pop());
            requireNone(v.getControlDeps(), "variable " + v.getName());
            String op = v.getOutputOfOp();
            if (op == null) {
                needed.leaves.add(v.getName());
            } else if (needed.ops.add(op)) {
                SameDiffOp o = graph.getOps().get(op);
                requireNone(o.getControlDeps(), "op " + op);
                requireNone(o.getVarControlDeps(), "op " + op);
                open.addAll(inputs(o));
            }
        }
        return needed;
    }

    private static void requireNone(List<String> controlDependencies, String of) {
        if (controlDependencies != null && !controlDependencies.isEmpty()) {
            throw new UnsupportedGraphException(of + " has control dependencies");
        }
    }

    private void requireTargetsOf(List<String> outputs) {
        Set<String> others = new TreeSet<>(bindings.outputs().keySet());
        outputs.forEach(others::remove);
        if (!others.isEmpty()) {
            throw new IllegalArgumentException("arrays are bound to " + others + ", which are no outputs asked for");
        }
    }

    /** Fails with the names of all placeholders of unknown shape. */
    private void requireShapes(Set<String> leaves) {
        Set<String> open = new TreeSet<>();
        for (String name : leaves) {
            SDVariable v = graph.getVariable(name);
            boolean known = bindings.variables().containsKey(name) || given.get(name) != null;
            if (v.getVariableType() == VariableType.PLACEHOLDER && !known && !isFixed(v.placeholderShape())) {
                open.add(name);
            }
        }
        if (!open.isEmpty()) {
            throw new IllegalArgumentException("no arrays are given for the placeholders " + open);
        }
    }

    private static boolean isFixed(long[] shape) {
        return shape != null && Arrays.stream(shape).allMatch(d -> d >= 0);
    }

    /** The needed ops, each after those it reads from, otherwise in the order they were added to the graph. */
    private List<SameDiffOp> ordered(Set<String> needed) {
        List<SameDiffOp> order = new ArrayList<>();
        Set<String> done = new HashSet<>();
        for (SameDiffOp op : graph.getOps().values()) {
            if (needed.contains(op.getName())) {
                visit(op, done, order);
            }
        }
        return order;
    }

    private void visit(SameDiffOp start, Set<String> done, List<SameDiffOp> order) {
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

    private static List<String> inputs(SameDiffOp op) {
        return op.getInputsToOp() == null ? List.of() : op.getInputsToOp();
    }

    private void add(SameDiffOp op) {
        DifferentialFunction f = op.getOp();
        List<Value> in = inputs(op).stream().map(this::value).toList();
        List<String> names = op.getOutputsOfOp();
        List<Value> out = new ArrayList<>();
        if (f instanceof GraphOp g) {
            long[][] shapes = g.outputShapes(in.stream().map(v -> v.shape).toArray(long[][]::new));
            List<DataType> types = in.stream().map(v -> v.type).toList();
            for (int i = 0; i < names.size(); i++) {
                GraphOp.Alias alias = g.alias(i);
                Value host = alias == null ? null : in.get(alias.input());
                long offset = alias == null ? 0 : alias.row() * rowLength(host.shape);
                out.add(new Value(names.get(i), shapes[i], g.outputType(i, types), host, offset));
            }
        } else if (f instanceof Identity) {
            Value host = in.get(0);
            out.add(new Value(names.get(0), host.shape, host.type, host, 0));
        } else {
            List<StockShapes.Sample> samples = in.stream().map(Trace::sample).toList();
            List<long[]> shapes = StockShapes.of(f, samples, names.size());
            boolean known = StockShapes.isKnown(f, samples);
            for (int i = 0; i < names.size(); i++) {
                DataType type = graph.getVariable(names.get(i)).dataType();
                Value v = new Value(names.get(i), shapes.get(i), type, null, 0);
                if (known || StockKernel.needsOwnBuffers(f)) {
                    v.bind(Nd4j.createUninitialized(type, shapes.get(i)));
                }
                out.add(v);
            }
            if (known) {
                work(f, samples, out);
            }
        }
        out.forEach(v -> values.put(v.name, v));
        if (!out.get(0).isKnown()) {
            nodes.add(new Node(f, in, out));
        }
    }

    /** Works an op out now, for good. */
    private static void work(DifferentialFunction op, List<StockShapes.Sample> in, List<Value> out) {
        try (StockKernel kernel = new StockKernel(
                op,
                in.stream().map(s -> s.filledWith(1)).toList(),
                out.stream().map(Value::array).toArray(INDArray[]::new))) {
            kernel.run();
        }
        out.forEach(Value::markKnown);
    }

    private static long rowLength(long[] shape) {
        return Arrays.stream(shape).skip(1).reduce(1, (a, b) -> a * b);
    }

    private static StockShapes.Sample sample(Value v) {
        Value owner = v.owner();
        boolean whole = owner == v || Arrays.equals(owner.shape, v.shape);
        return new StockShapes.Sample(v.shape, v.type, owner.isKnown() && whole ? owner.array() : null);
    }

    private Value value(String name) {
        Value known = values.get(name);
        if (known != null) {
            return known;
        }
        SDVariable v = graph.getVariable(name);
        Value value;
        if (v.getVariableType() == VariableType.PLACEHOLDER) {
            value = placeholder(v);
            placeholders.add(value);
        } else {
            INDArray a = bindings.variables().getOrDefault(name, v.getArr());
            if (a == null) {
                throw new IllegalArgumentException("variable '" + name + "' has no array");
            }
            value = bound(name, a);
            if (v.getVariableType() == VariableType.CONSTANT) {
                value.markKnown();
            }
            if (!bindings.variables().containsKey(name)) {
                variables.put(name, a);
            }
        }
        values.put(name, value);
        return value;
    }

    /** A value in an array from outside; one that is not contiguous is copied at the start of every run. */
    private Value bound(String name, INDArray a) {
        INDArray plain = a;
        if (!isPlain(a)) {
            plain = a.dup('c');
            refreshes.add(new Copy(a, plain));
        }
        Value value = new Value(name, plain.shape(), plain.dataType(), null, 0);
        value.bind(plain);
        return value;
    }

    private Value placeholder(SDVariable v) {
        INDArray bound = bindings.variables().get(v.name());
        if (bound != null) {
            return bound(v.name(), bound);
        }
        INDArray a = given.get(v.name());
        return a == null
                ? new Value(v.name(), v.placeholderShape(), v.dataType(), null, 0)
                : new Value(v.name(), a.shape(), a.dataType(), null, 0);
    }

    /** Contiguous in C order. */
    private static boolean isPlain(INDArray a) {
        return a.rank() == 0 || Arrays.equals(a.stride(), Nd4j.getStrides(a.shape(), 'c'));
    }

    private void measureLives(List<String> outputs) {
        for (String name : outputs) {
            value(name).markRead();
        }
        for (Node n : nodes) {
            for (int i = 0; i < n.in.size(); i++) {
                if (!(n.op instanceof GraphOp g) || g.readsInput(i)) {
                    n.in.get(i).markRead();
                }
            }
        }
        for (int at = 0; at < nodes.size(); at++) {
            Node n = nodes.get(at);
            for (int i = 0; i < n.in.size(); i++) {
                if (!(n.op instanceof GraphOp g) || g.readsInput(i)) {
                    n.in.get(i).usedAt(at);
                }
            }
            for (Value v : n.out) {
                if (v.host == null) {
                    v.usedAt(at);
                }
            }
        }
        for (Value p : placeholders) {
            p.usedAt(-1);
            p.usedAt(nodes.size());
        }
        for (String name : outputs) {
            Value v = value(name);
            v.usedAt(nodes.size());
            INDArray target = bindings.outputs().get(name);
            if (target != null) {
                requireShape(v, target);
                if (v.host == null && !v.isBound() && !placeholders.contains(v) && !isInUse(target)) {
                    v.bind(target);
                }
            }
        }
    }

    /** True if an array from outside that the plan reads lies in the same memory, which must then not be written before the end. */
    private boolean isInUse(INDArray target) {
        return values.values().stream().anyMatch(v -> v.isBound() && overlap(v.array(), target))
                || refreshes.stream().anyMatch(r -> overlap(r.from(), target));
    }

    /** Of arrays without gaps. */
    private static boolean overlap(INDArray a, INDArray b) {
        return a.data().address() == b.data().address()
                && a.offset() < b.offset() + b.length()
                && b.offset() < a.offset() + a.length();
    }

    private static void requireShape(Value v, INDArray target) {
        if (!isPlain(target) || !Arrays.equals(target.shape(), v.shape) || target.dataType() != v.type) {
            throw new IllegalArgumentException("output '%s': expected a contiguous %s array %s, got %s %s"
                    .formatted(
                            v.name,
                            v.type,
                            Arrays.toString(v.shape),
                            target.dataType(),
                            Arrays.toString(target.shape())));
        }
    }

    /** The values that need a place in the arena. */
    List<Value> unplaced() {
        List<Value> list = new ArrayList<>();
        for (Value v : values.values()) {
            boolean written = v.isRead() || !isOutputOfGraphOp(v);
            if (v.host == null && !v.isBound() && written) {
                list.add(v);
            }
        }
        return list;
    }

    private boolean isOutputOfGraphOp(Value v) {
        String op = graph.getVariables().get(v.name).getOutputOfOp();
        return op != null && graph.getOps().get(op).getOp() instanceof GraphOp;
    }

    /** Gives arrays to the values that share memory, now that their owners have theirs. */
    void bindViews() {
        for (Value v : values.values()) {
            if (v.host != null && !v.isBound() && v.isRead()) {
                INDArray owner = v.owner().array();
                boolean whole = v.ownerOffset() == 0 && Arrays.equals(owner.shape(), v.shape);
                v.bind(whole ? owner : Arena.view(owner, v.ownerOffset(), v.shape, v.type));
            }
        }
        for (Map.Entry<String, INDArray> e : bindings.outputs().entrySet()) {
            Value v = values.get(e.getKey());
            if (v.array() != e.getValue()) {
                copies.add(new Copy(v.array(), e.getValue()));
            }
        }
    }

    /** The ops on their arrays, in order; identities are gone. */
    List<Call> calls() {
        List<Call> calls = new ArrayList<>();
        Map<Value, INDArray> shapesOnly = new HashMap<>();
        for (Node n : nodes) {
            INDArray[] out = new INDArray[n.out.size()];
            boolean anything = false;
            for (int i = 0; i < out.length; i++) {
                Value v = n.out.get(i);
                out[i] = v.host == null ? v.array() : null;
                anything |= out[i] != null;
            }
            if (!anything) {
                continue;
            }
            List<INDArray> in = n.in.stream()
                    .map(v -> v.isBound() ? v.array() : shapesOnly.computeIfAbsent(v, Trace::shapeOnly))
                    .toList();
            calls.add(new Call(n.op, in, out));
        }
        return calls;
    }

    /** Stands in for an array whose content nobody reads: one element, repeated by strides of zero. */
    private static INDArray shapeOnly(Value v) {
        INDArray one = Nd4j.createUninitialized(v.type, 1);
        return Nd4j.create(one.data(), v.shape, new long[v.shape.length], 0, 'c', v.type);
    }

    /** Bound outputs that lie elsewhere: the end of every run. */
    List<Copy> copies() {
        return copies;
    }

    /** Variables that are not contiguous, to the arrays that the plan reads: the start of every run. */
    List<Copy> refreshes() {
        return refreshes;
    }

    Map<String, INDArray> inputs() {
        Map<String, INDArray> in = new LinkedHashMap<>();
        placeholders.forEach(p -> in.put(p.name, p.array()));
        return in;
    }

    Map<String, INDArray> outputs(List<String> names) {
        Map<String, INDArray> out = new LinkedHashMap<>();
        names.forEach(
                n -> out.put(n, bindings.outputs().getOrDefault(n, values.get(n).array())));
        return out;
    }

    /** The arrays of VARIABLEs that are read in place. */
    List<INDArray> weights() {
        return values.values().stream()
                .filter(v -> graph.getVariable(v.name).getVariableType() == VariableType.VARIABLE && v.isBound())
                .map(Value::array)
                .toList();
    }

    /** The graph's own arrays that are read in place. */
    Map<String, INDArray> variables() {
        return variables;
    }
}
