package io.dino4j.graph.op;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.api.shape.LongShapeDescriptor;

/**
 * A SameDiff op of dino4j. It is known to Java only: the sessions of {@link io.dino4j.graph.exec} run it, libnd4j has never heard
 * of it. Every subclass has a public constructor without arguments, which SameDiff calls when
 * it copies or loads a graph, and keeps all its attributes in the integer and float arguments.
 */
public abstract class GraphOp extends DynamicCustomOp {
    /** For SameDiff, when it copies or loads a graph. */
    protected GraphOp() {}

    /** Adds the op to a graph. */
    protected GraphOp(SameDiff sd, List<SDVariable> inputs) {
        super(null, sd, inputs.toArray(SDVariable[]::new));
    }

    /**
     * The shapes of the outputs.
     *
     * @param in the shapes of the inputs, in order
     * @throws IllegalArgumentException naming the op, what was expected and what came
     */
    public abstract long[][] outputShapes(long[][] in);

    /** One output, unless an op says otherwise. */
    @Override
    public int getNumOutputs() {
        return 1;
    }

    /** The type of output {@code i}: that of the first input unless an op says otherwise. */
    public DataType outputType(int i, List<DataType> in) {
        return in.get(0);
    }

    /** The type of sums, statistics and losses of values that are stored as {@code type}: FLOAT for BFLOAT16, else the same. */
    protected static DataType widened(DataType type) {
        return type == DataType.BFLOAT16 ? DataType.FLOAT : type;
    }

    /**
     * Where output {@code i} lies if it needs no memory of its own: the input that holds it and the first row there; no kernel
     * writes it. Null for an output with memory of its own.
     */
    public Alias alias(int i) {
        return null;
    }

    /**
     * The input that output {@code i} may overwrite once nobody else wants it; -1 for none. A kernel of the op must then work whether
     * both are the same memory or not.
     */
    public int inPlaceOf(int i) {
        return -1;
    }

    /** True if the only output is nothing but the inputs below one another: nothing to do if they lie so already. */
    public boolean isStack() {
        return false;
    }

    /** False if only the shape of input {@code i} matters: its memory may then be reused before the op runs. */
    public boolean readsInput(int i) {
        return true;
    }

    /**
     * What the op costs at least on given arrays.
     *
     * @param in the input arrays, of which shapes and types count
     * @param out the output arrays; null where an output is not computed or an {@link #alias}
     */
    public final Cost cost(List<INDArray> in, INDArray[] out) {
        long[][] shapes = in.stream().map(INDArray::shape).toArray(long[][]::new);
        boolean[] computed = new boolean[out.length];
        double bytes = 0;
        for (int i = 0; i < in.size(); i++) {
            bytes += readsInput(i)
                    ? (double) elementsRead(i, shapes) * in.get(i).dataType().width()
                    : 0;
        }
        for (int i = 0; i < out.length; i++) {
            computed[i] = out[i] != null;
            bytes += computed[i] ? (double) out[i].length() * out[i].dataType().width() : 0;
        }
        return new Cost(flops(shapes, computed), bytes);
    }

    /**
     * The {@link Cost#flops} of the op; none unless an op says otherwise.
     *
     * @param in the shapes of the inputs
     * @param computed which outputs are computed
     */
    protected double flops(long[][] in, boolean[] computed) {
        return 0;
    }

    /** Elements of input {@code i} that are read: all of them unless an op says otherwise. */
    protected long elementsRead(int i, long[][] in) {
        return size(in[i], 0);
    }

    /**
     * The gradient of an input that an op passes on: the same values under a name of their own, which SameDiff needs to give it.
     */
    protected final SDVariable passed(SDVariable grad) {
        return sameDiff.identity(grad);
    }

    /**
     * An output that is a range of rows of an input.
     *
     * @param input which input
     * @param row first row
     */
    public record Alias(int input, long row) {}

    /** The integer attribute at {@code i}. */
    public final long attribute(int i) {
        return iArguments.get(i);
    }

    /** The real attribute at {@code i}. */
    public final double real(int i) {
        return tArguments.get(i);
    }

    /** {@code dino_} and the name of the class; it comes from the class because SameDiff asks before a constructor has run. */
    @Override
    public final String opName() {
        Class<?> outer = getClass().getEnclosingClass();
        String name = outer == null ? getClass().getSimpleName() : outer.getSimpleName() + "_grad";
        return "dino_" + name.toLowerCase(Locale.ROOT);
    }

    /** A constant of the name: libnd4j has no number for this op. */
    @Override
    public final long opHash() {
        return 0x64696e6f00000000L | (opName().hashCode() & 0xffffffffL);
    }

    @Override
    public List<DataType> calculateOutputDataTypes(List<DataType> in) {
        return IntStream.range(0, getNumOutputs())
                .mapToObj(i -> outputType(i, in))
                .collect(Collectors.toList());
    }

    @Override
    public List<LongShapeDescriptor> calculateOutputShape() {
        return describe(inputArguments);
    }

    @Override
    public List<LongShapeDescriptor> calculateOutputShape(OpContext context) {
        return describe(context.getInputArrays());
    }

    private List<LongShapeDescriptor> describe(List<INDArray> in) {
        long[][] shapes = outputShapes(in.stream().map(INDArray::shape).toArray(long[][]::new));
        List<DataType> types = in.stream().map(INDArray::dataType).collect(Collectors.toList());
        return IntStream.range(0, shapes.length)
                .mapToObj(i -> LongShapeDescriptor.fromShape(shapes[i], outputType(i, types)))
                .collect(Collectors.toList());
    }

    /** Empty: all attributes are arguments, and the inherited method knows only names of libnd4j. */
    @Override
    public final Map<String, Object> propertiesForFunction() {
        return Collections.emptyMap();
    }

    @Override
    public final void setPropertiesForFunction(Map<String, Object> properties) {
        // nothing to restore: see propertiesForFunction
    }

    @Override
    public final void configureFromArguments() {
        // the arguments are the configuration
    }

    /** Fails with the op, the name of the input and what was wanted unless {@code ok}. */
    protected final void check(boolean ok, String what, long[]... shapes) {
        if (!ok) {
            throw new IllegalArgumentException(
                    "op %s: %s, got %s".formatted(opName(), what, Arrays.deepToString(shapes)));
        }
    }

    /** The product of the dimensions from {@code from} on. */
    protected static long size(long[] shape, int from) {
        long n = 1;
        for (int i = from; i < shape.length; i++) {
            n *= shape[i];
        }
        return n;
    }
}
