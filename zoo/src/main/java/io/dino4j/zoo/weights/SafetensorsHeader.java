package io.dino4j.zoo.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The first part of a {@code .safetensors} file: 8 bytes with the length of the JSON that follows, little endian, then
 * {@code {name: {dtype, shape, data_offsets}}}. Nothing is believed before it is checked against the file's size.
 */
record SafetensorsHeader(Map<String, TensorInfo> tensors, Map<String, String> metadata) {
    /** Of the JSON: room for 100,000 tensors. The format allows 100 MB, which as a tree of nodes would fill the heap. */
    private static final long LARGEST = 1 << 24;

    private static final int LONGEST_NAME = 1000;
    private static final int HIGHEST_RANK = 32; // of ND4J
    private static final Map<String, DataType> TYPES = Map.of(
            "F64", DataType.DOUBLE,
            "F32", DataType.FLOAT,
            "F16", DataType.FLOAT16,
            "BF16", DataType.BFLOAT16,
            "I64", DataType.INT64,
            "I32", DataType.INT32,
            "U8", DataType.UINT8,
            "BOOL", DataType.BOOL);

    /** Types that are read, but that nothing here writes. */
    private static final Map<String, DataType> READ_ONLY = Map.of(
            "I8", DataType.INT8,
            "I16", DataType.INT16,
            "U16", DataType.UINT16,
            "U32", DataType.UINT32,
            "U64", DataType.UINT64);

    static SafetensorsHeader read(Path file, FileChannel channel) throws IOException {
        long size = channel.size();
        if (size < 8) {
            throw new WeightsException("%s: %d bytes are too few for a safetensors file".formatted(file, size));
        }
        long length = bytes(channel, 0, 8).getLong();
        if (length < 2 || length > size - 8 || length > LARGEST) {
            throw new WeightsException(
                    "%s: announces a header of %s bytes in a file of %d; it is cut short or no safetensors file"
                            .formatted(file, Long.toUnsignedString(length), size));
        }
        String text =
                StandardCharsets.UTF_8.decode(bytes(channel, 8, (int) length)).toString();
        return parse(file, text, 8 + length, size);
    }

    private static SafetensorsHeader parse(Path file, String text, long dataStart, long size) {
        ObjectNode root = StrictJson.object("%s: the header".formatted(file), text);
        Map<String, TensorInfo> tensors = new LinkedHashMap<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> field : root.properties()) {
            if (field.getKey().equals("__metadata__")) {
                metadata.putAll(metadata(file, field.getValue()));
            } else {
                tensors.put(field.getKey(), tensor(file, field.getKey(), field.getValue(), dataStart, size));
            }
        }
        requireCovered(file, tensors, dataStart, size);
        return new SafetensorsHeader(tensors, metadata);
    }

    private static Map<String, String> metadata(Path file, JsonNode node) {
        Map<String, String> metadata = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> field : node.properties()) {
            if (!field.getValue().isTextual()) {
                throw new WeightsException("%s: __metadata__ '%s' is no text".formatted(file, shown(field.getKey())));
            }
            metadata.put(field.getKey(), field.getValue().textValue());
        }
        return metadata;
    }

    private static String shown(String name) {
        return name.length() <= LONGEST_NAME ? name : name.substring(0, 40) + "...";
    }

    private static DataType type(String name) {
        DataType type = TYPES.get(name);
        return type == null ? READ_ONLY.get(name) : type;
    }

    private static TensorInfo tensor(Path file, String name, JsonNode node, long dataStart, long size) {
        if (name.length() > LONGEST_NAME) {
            throw fault(
                    file,
                    shown(name),
                    "its name has %d characters, more than %d".formatted(name.length(), LONGEST_NAME));
        }
        DataType type = type(node.path("dtype").asText());
        if (type == null) {
            throw fault(
                    file,
                    name,
                    "element type '%s' is not one of %s"
                            .formatted(
                                    shown(node.path("dtype").asText()),
                                    Stream.concat(TYPES.keySet().stream(), READ_ONLY.keySet().stream())
                                            .sorted()
                                            .toList()));
        }
        long[] shape = longs(file, name, node.path("shape"));
        long[] offsets = longs(file, name, node.path("data_offsets"));
        if (shape.length > HIGHEST_RANK) {
            throw fault(file, name, "%d dimensions, more than %d".formatted(shape.length, HIGHEST_RANK));
        }
        long bytes = type.width();
        try {
            for (long d : shape) {
                bytes = Math.multiplyExact(bytes, d);
            }
        } catch (ArithmeticException e) {
            throw fault(file, name, "shape %s is too large".formatted(Arrays.toString(shape)));
        }
        if (offsets.length != 2 || offsets[0] > offsets[1] || offsets[1] > size - dataStart) {
            throw fault(
                    file,
                    name,
                    "data_offsets %s lie outside the %d data bytes of the file"
                            .formatted(Arrays.toString(offsets), size - dataStart));
        }
        if (offsets[1] - offsets[0] != bytes) {
            throw fault(
                    file,
                    name,
                    "%d bytes of data, but %s%s needs %d"
                            .formatted(
                                    offsets[1] - offsets[0],
                                    node.path("dtype").asText(),
                                    Arrays.toString(shape),
                                    bytes));
        }
        return new TensorInfo(name, type, shape, dataStart + offsets[0], bytes);
    }

    private static void requireCovered(Path file, Map<String, TensorInfo> tensors, long dataStart, long size) {
        List<TensorInfo> inOrder = new ArrayList<>(tensors.values());
        inOrder.sort(Comparator.comparingLong(TensorInfo::offset).thenComparingLong(TensorInfo::bytes));
        long end = dataStart;
        for (TensorInfo t : inOrder) {
            if (t.offset() != end) {
                throw fault(
                        file,
                        t.name(),
                        "its data starts at byte %d, but the data before it ends at %d".formatted(t.offset(), end));
            }
            end += t.bytes();
        }
        if (end != size) {
            throw new WeightsException("%s: %d bytes follow the last tensor".formatted(file, size - end));
        }
    }

    private static long[] longs(Path file, String name, JsonNode node) {
        if (!node.isArray()) {
            throw fault(file, name, "shape and data_offsets must be lists of whole numbers");
        }
        long[] values = new long[node.size()];
        for (int i = 0; i < values.length; i++) {
            JsonNode v = node.get(i);
            if (!v.isIntegralNumber() || !v.canConvertToLong() || v.longValue() < 0) {
                throw fault(file, name, "'%s' is not a whole number of 0 or more".formatted(v));
            }
            values[i] = v.longValue();
        }
        return values;
    }

    private static WeightsException fault(Path file, String tensor, String what) {
        return new WeightsException("%s: tensor '%s': %s".formatted(file, tensor, what));
    }

    private static ByteBuffer bytes(FileChannel channel, long from, int count) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, from + buffer.position()) < 0) {
                throw new EOFException("the file ends after %d bytes".formatted(from + buffer.position()));
            }
        }
        return buffer.flip();
    }

    /** The bytes before the data, padded with spaces to a multiple of 8, for tensors laid out one after another. */
    static ByteBuffer write(List<TensorInfo> tensors, Map<String, String> metadata) {
        ObjectNode root = StrictJson.MAPPER.createObjectNode();
        if (!metadata.isEmpty()) {
            ObjectNode meta = root.putObject("__metadata__");
            metadata.forEach(meta::put);
        }
        long offset = 0;
        for (TensorInfo t : tensors) {
            ObjectNode node = root.putObject(t.name());
            node.put("dtype", typeName(t));
            Arrays.stream(t.shape()).forEach(node.putArray("shape")::add);
            node.putArray("data_offsets").add(offset).add(offset + t.bytes());
            offset += t.bytes();
        }
        byte[] json = root.toString().getBytes(StandardCharsets.UTF_8);
        int padded = (json.length + 7) / 8 * 8;
        ByteBuffer out = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(padded).put(json);
        while (out.hasRemaining()) {
            out.put((byte) ' ');
        }
        return out.flip();
    }

    private static String typeName(TensorInfo t) {
        return TYPES.entrySet().stream()
                .filter(e -> e.getValue() == t.type())
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow(
                        () -> new WeightsException("tensor '%s' is %s, which safetensors files written here cannot hold"
                                .formatted(t.name(), t.type())));
    }
}
