package io.dino4j.zoo.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class SafetensorsTest {
    @TempDir
    Path dir;

    @Test
    void everyTypeSurvives() throws IOException {
        Map<String, INDArray> tensors = new LinkedHashMap<>();
        INDArray values = Nd4j.createFromArray(0f, 1f, 2.5f, -3f, 4f, 100f).reshape(2, 3);
        for (DataType type : List.of(
                DataType.FLOAT,
                DataType.DOUBLE,
                DataType.FLOAT16,
                DataType.BFLOAT16,
                DataType.INT64,
                DataType.INT32,
                DataType.BOOL)) {
            tensors.put(type.name(), values.castTo(type));
        }
        tensors.put("u8", Nd4j.createFromArray(0, 1, 255).castTo(DataType.UINT8));
        tensors.put("scalar", Nd4j.scalar(7f));
        tensors.put("empty", Nd4j.create(DataType.FLOAT, 0, 3));
        tensors.put("view", values.transpose());
        Path file = dir.resolve("t.safetensors");
        SafetensorsWriter.write(file, tensors, Map.of("format", "pt"));
        try (Safetensors back = Safetensors.open(file)) {
            assertEquals(Map.of("format", "pt"), back.metadata());
            assertEquals(
                    List.copyOf(tensors.keySet()), List.copyOf(back.tensors().keySet()));
            tensors.forEach((name, want) -> {
                assertEquals(want.dataType(), back.read(name).dataType(), name);
                assertArrayEquals(want.shape(), back.read(name).shape(), name);
                if (!want.isEmpty()) {
                    assertEquals(want.castTo(DataType.DOUBLE), back.read(name).castTo(DataType.DOUBLE), name);
                }
            });
        }
        try (Stream<Path> left = Files.list(dir)) {
            assertEquals(List.of(file), left.toList(), "no draft stays behind");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}} | 4 | tensor 'a': 4 bytes of data, but F32[2] needs 8",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}} | 4 | tensor 'a': data_offsets [0, 8] lie outside the 4 data bytes of the file",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}} | 8 | tensor 'a': its data starts at byte",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}} | 8 | 4 bytes follow the last tensor",
                "{\"a\":{\"dtype\":\"F8\",\"shape\":[1],\"data_offsets\":[0,4]}} | 4 | tensor 'a': element type 'F8' is not one of",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}} | 4 | tensor 'a': '-1' is not a whole number of 0 or more",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,4]}} | 4 | is too large",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1152921504606846976],\"data_offsets\":[0,4611686018427387904]}} | 4 | lie outside the 4 data bytes",
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[3037000500,3037000500],\"data_offsets\":[0,4]}} | 4 | is too large",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2,6]}} | 6 | tensor 'b': its data starts at byte 117, but the data before it ends at 119",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,4]}} | 8 | data_offsets [8, 4] lie outside",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}} | 4 | '-4' is not a whole number of 0 or more",
                "{\"__metadata__\":{\"a\":1}} | 0 | __metadata__ 'a' is no text",
                "{\"a\":{\"dtype\":\"F32\"}} | 0 | tensor 'a': shape and data_offsets must be lists",
                "{\"a\":1,\"a\":2} | 0 | the header is not JSON: Duplicate",
                "[1] | 0 | the header is not a JSON object",
                "{} {} | 0 | the header is not JSON",
                "{\"a\": | 0 | the header is not JSON",
            })
    void damagedHeadersAreNamed(String header, int dataBytes, String message) throws IOException {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(json.length).put(json);
        expectFault(bytes.array(), message);
    }

    @Test
    void aHugeHeaderLengthIsRefusedBeforeAnythingIsAllocated() throws IOException {
        expectFault(
                new byte[] {-1, -1, -1, -1, -1, -1, -1, 127, '{', '}'},
                "announces a header of 9223372036854775807 bytes");
        expectFault(
                new byte[] {-1, -1, -1, -1, -1, -1, -1, -1, '{', '}'},
                "announces a header of 18446744073709551615 bytes");
        long before = Allocated.byThisThread();
        expectFault(
                new byte[] {0, 0, 0, 0, 0, 1, 0, 0, '{', '}'},
                "announces a header of 1099511627776 bytes in a file of 10");
        assertTrue(Allocated.byThisThread() - before < 1 << 20, "a header of 1 TB costs nothing");
        expectFault(new byte[] {1, 2}, "2 bytes are too few");
    }

    private void expectFault(byte[] bytes, String message) throws IOException {
        Path file = dir.resolve("bad.safetensors");
        Files.write(file, bytes);
        String got = assertThrows(WeightsException.class, () -> Safetensors.open(file))
                .getMessage();
        assertTrue(got.startsWith(file + ": ") && got.contains(message), got);
    }

    @Test
    void strictLoadingListsEveryDifferenceAndWritesNothing() throws IOException {
        Path file = dir.resolve("other.safetensors");
        SafetensorsWriter.write(
                file,
                Map.of(
                        "a",
                        Nd4j.ones(DataType.FLOAT, 2),
                        "x",
                        Nd4j.ones(DataType.FLOAT, 1),
                        "b",
                        Nd4j.ones(DataType.FLOAT, 3)),
                Map.of());
        ParameterVector into = ParameterVector.zeros(
                ParameterLayout.of(
                        new TreeMap<>(Map.of("a", new long[] {2}, "b", new long[] {2}, "c", new long[] {1}))),
                DataType.FLOAT);
        try (Safetensors open = Safetensors.open(file)) {
            assertEquals(
                    file + " does not fit this model: 1 missing: c; 1 unexpected: x;"
                            + " 1 of another shape or type: b FLOAT[3], wanted [2]",
                    assertThrows(WeightsException.class, () -> StrictWeights.load(open, into))
                            .getMessage());
        }
        assertEquals(0, into.vector().sumNumber().doubleValue());
    }

    @Test
    void aPartOfAModelLoadsAndIsConverted() throws IOException {
        Path file = dir.resolve("backbone.safetensors");
        SafetensorsWriter.write(
                file,
                Map.of("backbone.w", Nd4j.createFromArray(1.5, -2.0).reshape(1, 2), "tail.w", Nd4j.scalar(1)),
                Map.of());
        Map<String, long[]> shapes = new LinkedHashMap<>();
        shapes.put("head.w", new long[] {3});
        shapes.put("backbone.w", new long[] {1, 2});
        ParameterVector into = ParameterVector.zeros(ParameterLayout.of(shapes), DataType.FLOAT);
        try (Safetensors open = Safetensors.open(file)) {
            StrictWeights.load(open, into, name -> name.startsWith("backbone."));
        }
        assertArrayEquals(new float[] {0, 0, 0, 1.5f, -2f}, into.vector().toFloatVector());
    }

    @Test
    void anUnwritableTargetLeavesTheOldFile() throws IOException {
        Path file = dir.resolve("t.safetensors");
        Files.writeString(file, "old");
        assertThrows(
                WeightsException.class,
                () -> SafetensorsWriter.write(file, Map.of("a", Nd4j.create(DataType.UINT16, 1)), Map.of()));
        assertEquals("old", Files.readString(file));
    }
}
