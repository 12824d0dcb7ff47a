package io.dino4j.graph.exec;

import io.dino4j.graph.op.Cost;
import io.dino4j.graph.op.GraphOp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.same.Identity;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The walk through a graph that a plan is made from: which ops the outputs need and in which order, the shape of every value, which values
 * share memory, and how long each is needed. It takes no memory to speak of until {@link #bind}.
 */
final class Trace {
    private final SameDiff graph;
    private final Bindings bindings;
    private final Leaves leaves;
    private final Map<String, Value> byName = new LinkedHashMap<>();
    private final List<Value> values = new ArrayList<>();
    private List<Node> nodes = new ArrayList<>();
    private List<Copy> refreshes = List.of();
    private final List<Copy> copies = new ArrayList<>();

    /** A copy that every run makes. */
    record Copy(INDArray from, INDArray to) {}

    /** An op on bound arrays; an output is null if nobody reads it or it is an alias. */
    record Call(DifferentialFunction op, List<INDArray> inputs, INDArray[] outputs) {
        /** What it costs at least; of a stock op only the memory it moves is known. */
        Cost cost() {
            if (op instanceof GraphOp g) {
                return g.cost(inputs, outputs);
            }
            double bytes = Stream.concat(inputs.stream(), Arrays.stream(outputs))
                    .filter(Objects::nonNull)
                    .mapToDouble(a -> (double) a.length() * a.dataType().width())
                    .sum();
            return new Cost(0, bytes);
        }
    }

    private Trace(SameDiff graph, Bindings bindings, Leaves leaves) {
        this.graph = graph;
        this.bindings = bindings;
        this.leaves = leaves;
    }

    /**
     * Traces what outputs need.
     *
     * @param checkpoints see {@link PlanOptions}
     * @param outside names of placeholders and outputs whose memory is the caller's, beside those of {@code bindings}
     */
    static Trace of(
            SameDiff graph,
            List<String> outputs,
            Map<String, INDArray> inputs,
            Bindings bindings,
            List<String> checkpoints,
            Set<String> outside) {
        OpOrder order = OpOrder.of(graph, outputs);
        requireTargetsOf(outputs, bindings);
        Trace trace = new Trace(graph, bindings, new Leaves(graph, inputs, bindings, outside));
        trace.leaves.requireShapes(order.leaves());
        order.ops().forEach(trace::add);
        List<Value> wanted = outputs.stream().map(trace::value).toList();
        trace.markReads(wanted);
        trace.recompute(checkpoints, wanted);
        trace.measureLives(wanted);
        trace.bindOutputs(wanted, outside);
        new Overwriting(trace.nodes, wanted, trace.leaves.placeholders()).apply();
        return trace;
    }

    private static void requireTargetsOf(List<String> outputs, Bindings bindings) {
        Set<String> others = new TreeSet<>(bindings.outputs().keySet());
        outputs.forEach(others::remove);
        if (!others.isEmpty()) {
            throw new IllegalArgumentException("arrays are bound to " + others + ", which are no outputs asked for");
        }
    }

    private void add(SameDiffOp op) {
        DifferentialFunction f = op.getOp();
        List<Value> in = OpOrder.inputs(op).stream().map(this::value).toList();
        List<String> names = op.getOutputsOfOp();
        List<Value> out = new ArrayList<>();
        if (f instanceof GraphOp g) {
            long[][] shapes = g.outputShapes(in.stream().map(v -> v.shape).toArray(long[][]::new));
            List<DataType> types = in.stream().map(v -> v.type).toList();
            for (int i = 0; i < names.size(); i++) {
                GraphOp.Alias alias = g.alias(i);
                Value host = alias == null ? null : in.get(alias.input());
                long offset = alias == null ? 0 : alias.row() * rowLength(host.shape);
                Value v = new Value(names.get(i), shapes[i], g.outputType(i, types), host, offset);
                v.markOptional();
                out.add(v);
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
                    v.bindOutside(Nd4j.createUninitialized(type, shapes.get(i)));
                }
                out.add(v);
            }
            if (known) {
                work(f, samples, out);
            }
        }
        out.forEach(v -> byName.put(v.name, v));
        values.addAll(out);
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
        Value known = byName.get(name);
        if (known != null) {
            return known;
        }
        Value value = leaves.value(name);
        byName.put(name, value);
        values.add(value);
        return value;
    }

    private void markReads(List<Value> outputs) {
        outputs.forEach(Value::markRead);
        for (Node n : nodes) {
            for (int i = 0; i < n.in().size(); i++) {
                if (n.reads(i)) {
                    n.in().get(i).markRead();
                }
            }
        }
    }

    private void recompute(List<String> checkpoints, List<Value> outputs) {
        if (checkpoints.isEmpty()) {
            return;
        }
        List<String> unknown =
                checkpoints.stream().filter(c -> !byName.containsKey(c)).toList();
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException("the outputs do not depend on the checkpoints " + unknown);
        }
        Recomputation again =
                new Recomputation(nodes, checkpoints.stream().map(byName::get).toList(), outputs);
        nodes = again.nodes();
        values.addAll(again.values());
    }

    private void measureLives(List<Value> outputs) {
        for (int at = 0; at < nodes.size(); at++) {
            Node n = nodes.get(at);
            for (int i = 0; i < n.in().size(); i++) {
                if (n.reads(i)) {
                    n.in().get(i).usedAt(at);
                }
            }
            for (Value v : n.out()) {
                if (v.host() == null) {
                    v.usedAt(at);
                }
            }
        }
        for (Value p : leaves.placeholders()) {
            p.usedAt(-1);
            p.usedAt(nodes.size());
        }
        outputs.forEach(v -> v.usedAt(nodes.size()));
    }

    /** Lets ops write right into the arrays that outputs are wanted in, where nothing else lies there. */
    private void bindOutputs(List<Value> outputs, Set<String> outside) {
        for (Value v : outputs) {
            INDArray target = bindings.outputs().get(v.name);
            boolean free = v.isOfArena() && !leaves.placeholders().contains(v);
            if (target != null) {
                requireShape(v, target);
                if (free && !isInUse(target)) {
                    v.bindOutside(target);
                }
            } else if (free && outside.contains(v.name)) {
                v.markOutside();
            }
        }
    }

    /** True if an array from outside that the plan reads lies in the same memory, which must then not be written before the end. */
    private boolean isInUse(INDArray target) {
        return values.stream().anyMatch(v -> v.isBound() && Leaves.overlap(v.array(), target)) || leaves.areIn(target);
    }

    private static void requireShape(Value v, INDArray target) {
        if (!Leaves.isPlain(target) || !Arrays.equals(target.shape(), v.shape) || target.dataType() != v.type) {
            throw new IllegalArgumentException("output '%s': expected a contiguous %s array %s, got %s %s"
                    .formatted(
                            v.name,
                            v.type,
                            Arrays.toString(v.shape),
                            target.dataType(),
                            Arrays.toString(target.shape())));
        }
    }

    private Arena arena(Predicate<Value> which) {
        return new Arena(
                values.stream().filter(v -> v.isOfArena() && which.test(v)).toList());
    }

    private boolean isLasting(Value v) {
        return v.outlasts(nodes.size());
    }

    /** What the plan needs. */
    PlanSize size() {
        Map<Value, INDArray> shapes = new HashMap<>();
        Cost cost = Cost.NONE;
        long largest = 0;
        for (Node n : nodes) {
            if (n.out().stream().noneMatch(Value::isWritten)) {
                continue; // an identity
            }
            List<INDArray> in = n.in().stream()
                    .map(v -> shapes.computeIfAbsent(v, Trace::shapeOnly))
                    .toList();
            INDArray[] out = n.out().stream()
                    .map(v -> v.isWritten() ? shapes.computeIfAbsent(v, Trace::shapeOnly) : null)
                    .toArray(INDArray[]::new);
            Cost c = new Call(n.op(), in, out).cost();
            cost = cost.plus(c);
            largest = Math.max(largest, (long) c.bytes());
        }
        return new PlanSize(
                arena(v -> true).bytes(),
                arena(v -> !isLasting(v)).bytes(),
                arena(this::isLasting).bytes(),
                largest,
                cost,
                nodes.size());
    }

    /**
     * Gives an array to every value.
     *
     * @param shared memory for what the plan needs only while it runs
     * @return bytes that are the plan's own
     */
    long bind(Optional<WorkingMemory> shared) {
        Arena own = arena(v -> shared.isEmpty() || isLasting(v));
        own.bind(Nd4j::createUninitialized);
        shared.ifPresent(m -> arena(v -> !isLasting(v)).bind(m::arena));
        refreshes = leaves.gather();
        for (Value v : values) {
            if (v.host() != null && !v.isBound() && v.isRead()) {
                INDArray owner = v.owner().array();
                boolean whole = v.ownerOffset() == 0 && Arrays.equals(owner.shape(), v.shape);
                v.bind(whole ? owner : Arena.view(owner, v.ownerOffset(), v.shape, v.type));
            }
        }
        for (Map.Entry<String, INDArray> e : bindings.outputs().entrySet()) {
            Value v = byName.get(e.getKey());
            if (v.array() != e.getValue()) {
                copies.add(new Copy(v.array(), e.getValue()));
            }
        }
        return own.bytes();
    }

    /** The ops on their arrays, in order; identities are gone. */
    List<Call> calls() {
        List<Call> calls = new ArrayList<>();
        Map<Value, INDArray> shapesOnly = new HashMap<>();
        for (Node n : nodes) {
            INDArray[] out = new INDArray[n.out().size()];
            boolean anything = false;
            for (int i = 0; i < out.length; i++) {
                Value v = n.out().get(i);
                out[i] = v.isWritten() ? v.array() : null;
                anything |= out[i] != null;
            }
            if (!anything) {
                continue;
            }
            List<INDArray> in = n.in().stream()
                    .map(v -> v.isBound() ? v.array() : shapesOnly.computeIfAbsent(v, Trace::shapeOnly))
                    .toList();
            calls.add(new Call(n.op(), in, out));
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

    /** Arrays of the placeholders. */
    Map<String, INDArray> inputs() {
        Map<String, INDArray> in = new LinkedHashMap<>();
        leaves.placeholders().forEach(p -> in.put(p.name, p.array()));
        return in;
    }

    /** Arrays of outputs. */
    Map<String, INDArray> outputs(List<String> names) {
        Map<String, INDArray> out = new LinkedHashMap<>();
        names.forEach(
                n -> out.put(n, bindings.outputs().getOrDefault(n, byName.get(n).array())));
        return out;
    }

    /** The arrays of VARIABLEs that are read in place. */
    List<INDArray> weights() {
        return leaves.weights();
    }

    /** The graph's own arrays that are read in place. */
    Map<String, INDArray> variables() {
        return leaves.variables();
    }
}
