package io.dino4j.graph.exec;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The values of a graph that no op makes: placeholders, variables and constants, and the arrays they are read from. */
final class Leaves {
    private final SameDiff graph;
    private final Map<String, INDArray> given;
    private final Bindings bindings;
    private final Set<String> outside;
    private final List<Value> placeholders = new ArrayList<>();
    private final List<Value> weights = new ArrayList<>();
    private final Map<String, INDArray> variables = new LinkedHashMap<>();
    private final Map<Value, INDArray> scattered = new LinkedHashMap<>();

    /**
     * Starts without any.
     *
     * @param given arrays of the shapes of placeholders
     * @param outside names of placeholders whose memory is the caller's, though it gives none
     */
    Leaves(SameDiff graph, Map<String, INDArray> given, Bindings bindings, Set<String> outside) {
        this.graph = graph;
        this.given = given;
        this.bindings = bindings;
        this.outside = outside;
    }

    /** Fails with the names of all placeholders of unknown shape. */
    void requireShapes(Set<String> leaves) {
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

    /** The value of a leaf. */
    Value value(String name) {
        SDVariable v = graph.getVariable(name);
        if (v.getVariableType() == VariableType.PLACEHOLDER) {
            Value value = placeholder(v);
            placeholders.add(value);
            return value;
        }
        INDArray bound = bindings.variables().get(name);
        // asking SameDiff for an array makes it take memory for a copy of its own
        INDArray a = bound == null ? v.getArr() : bound;
        if (a == null) {
            throw new IllegalArgumentException("variable '" + name + "' has no array");
        }
        Value value = bound(name, a);
        if (v.getVariableType() == VariableType.CONSTANT) {
            if (!value.isBound()) {
                value.bindOutside(a.dup('c'));
            }
            value.markKnown();
        } else {
            weights.add(value);
        }
        if (bound == null) {
            variables.put(name, a);
        }
        return value;
    }

    /** A value in an array from outside; one that is not contiguous is copied at the start of every run. */
    private Value bound(String name, INDArray a) {
        Value value = new Value(name, a.shape(), a.dataType(), null, 0);
        if (isPlain(a)) {
            value.bindOutside(a);
        } else {
            value.markOutside();
            scattered.put(value, a);
        }
        return value;
    }

    private Value placeholder(SDVariable v) {
        INDArray bound = bindings.variables().get(v.name());
        if (bound != null) {
            return bound(v.name(), bound);
        }
        INDArray a = given.get(v.name());
        Value value = a == null
                ? new Value(v.name(), v.placeholderShape(), v.dataType(), null, 0)
                : new Value(v.name(), a.shape(), a.dataType(), null, 0);
        if (outside.contains(v.name())) {
            value.markOutside();
        }
        return value;
    }

    /** Contiguous in C order. */
    static boolean isPlain(INDArray a) {
        return a.rank() == 0 || Arrays.equals(a.stride(), Nd4j.getStrides(a.shape(), 'c'));
    }

    /** Makes contiguous arrays where there are none; the copies that fill them at the start of every run. */
    List<Trace.Copy> gather() {
        List<Trace.Copy> copies = new ArrayList<>();
        scattered.forEach((value, from) -> {
            if (!value.isBound()) {
                value.bindOutside(from.dup('c'));
            }
            copies.add(new Trace.Copy(from, value.array()));
        });
        return copies;
    }

    /** True if an array lies in memory that the copies of {@link #gather} read. */
    boolean areIn(INDArray target) {
        return scattered.values().stream().anyMatch(a -> overlap(a, target));
    }

    /** Of arrays without gaps. */
    static boolean overlap(INDArray a, INDArray b) {
        return a.data().address() == b.data().address()
                && a.offset() < b.offset() + b.length()
                && b.offset() < a.offset() + a.length();
    }

    /** The placeholders. */
    List<Value> placeholders() {
        return placeholders;
    }

    /** The arrays of VARIABLEs that are read in place. */
    List<INDArray> weights() {
        return weights.stream().map(Value::array).toList();
    }

    /** The graph's own arrays that are read in place. */
    Map<String, INDArray> variables() {
        return variables;
    }
}
