package io.dino4j.zoo.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.GraphProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.TensorShapeProto;
import onnx.Onnx.TypeProto;
import onnx.Onnx.ValueInfoProto;

/** Nodes and constants of a graph. A node is named like its first result; small constants, such as shapes, are shared. */
final class GraphBuilder {
    private final GraphProto.Builder graph = GraphProto.newBuilder();
    private final List<Weight> weights = new ArrayList<>();
    private final Set<String> names = new HashSet<>();
    private final Set<String> constants = new HashSet<>();

    /** A node with one result, which has its name. */
    String node(String op, String name, List<String> inputs, AttributeProto... attributes) {
        node(op, inputs, List.of(name), attributes);
        return name;
    }

    /** A node with one result and without attributes. */
    String node(String op, String name, String... inputs) {
        return node(op, name, List.of(inputs));
    }

    /** A node with several results. */
    void node(String op, List<String> inputs, List<String> outputs, AttributeProto... attributes) {
        outputs.forEach(this::claim);
        graph.addNode(NodeProto.newBuilder()
                .setOpType(op)
                .setName(outputs.get(0))
                .addAllInput(inputs)
                .addAllOutput(outputs)
                .addAllAttribute(Arrays.asList(attributes)));
    }

    private void claim(String name) {
        if (!names.add(name)) {
            throw new IllegalStateException("two values are named '%s'".formatted(name));
        }
    }

    static AttributeProto attribute(String name, long value) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.INT)
                .setI(value)
                .build();
    }

    static AttributeProto attribute(String name, float value) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.FLOAT)
                .setF(value)
                .build();
    }

    static AttributeProto attribute(String name, long... values) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.INTS)
                .addAllInts(LongStream.of(values).boxed().toList())
                .build();
    }

    /** A constant scalar, int64. */
    String integer(long value) {
        return constant("int64." + value, TensorProto.newBuilder().addInt64Data(value), TensorProto.DataType.INT64);
    }

    /** A constant list, int64 {@code [n]}. */
    String integers(long... values) {
        String text = LongStream.of(values).mapToObj(Long::toString).collect(Collectors.joining("_"));
        TensorProto.Builder tensor = TensorProto.newBuilder()
                .addDims(values.length)
                .addAllInt64Data(LongStream.of(values).boxed().toList());
        return constant("int64.list." + text, tensor, TensorProto.DataType.INT64);
    }

    /** A constant scalar, float32. */
    String real(double value) {
        float v = (float) value;
        return constant("float." + v, TensorProto.newBuilder().addFloatData(v), TensorProto.DataType.FLOAT);
    }

    private String constant(String name, TensorProto.Builder tensor, TensorProto.DataType type) {
        if (constants.add(name)) {
            claim(name);
            graph.addInitializer(tensor.setName(name).setDataType(type.getNumber()));
        }
        return name;
    }

    /** A constant of many numbers, float32. */
    String weight(String name, long[] shape, Supplier<float[]> values) {
        claim(name);
        weights.add(new Weight(name, false, shape, values));
        return name;
    }

    /** A constant of many numbers that is stored as float16 and computed with as float32. */
    String halfWeight(String name, long[] shape, Supplier<float[]> values) {
        claim(name);
        weights.add(new Weight(name, true, shape, values));
        return cast(name, name + ".float32", TensorProto.DataType.FLOAT);
    }

    String cast(String value, String name, TensorProto.DataType type) {
        return node("Cast", name, List.of(value), attribute("to", (long) type.getNumber()));
    }

    void input(OnnxModel.Port port) {
        claim(port.name());
        graph.addInput(info(port));
    }

    /** The value of this name is a result of the graph. */
    void output(OnnxModel.Port port) {
        graph.addOutput(info(port));
    }

    private static ValueInfoProto info(OnnxModel.Port port) {
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        for (String d : port.shape()) {
            boolean fixed = Character.isDigit(d.charAt(0));
            shape.addDim(
                    fixed
                            ? TensorShapeProto.Dimension.newBuilder().setDimValue(Long.parseLong(d))
                            : TensorShapeProto.Dimension.newBuilder().setDimParam(d));
        }
        boolean bytes = port.type().equals("uint8");
        TypeProto.Tensor tensor = TypeProto.Tensor.newBuilder()
                .setElemType((bytes ? TensorProto.DataType.UINT8 : TensorProto.DataType.FLOAT).getNumber())
                .setShape(shape)
                .build();
        return ValueInfoProto.newBuilder()
                .setName(port.name())
                .setDocString(port.description())
                .setType(TypeProto.newBuilder().setTensorType(tensor))
                .build();
    }

    /** The graph without its {@link #weights}. */
    GraphProto.Builder graph() {
        return graph;
    }

    /** The constants of many numbers. */
    List<Weight> weights() {
        return weights;
    }
}
