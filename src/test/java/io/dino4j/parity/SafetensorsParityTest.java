package io.dino4j.parity;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.zoo.weights.Safetensors;
import io.dino4j.zoo.weights.SafetensorsWriter;
import io.dino4j.zoo.weights.StrictWeights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Files written by the Python library are read bit for bit, and files written here hold the same tensors. */
@Tag("parity")
final class SafetensorsParityTest {
    private static final String FILE = "model.safetensors";

    static List<Fixture> fixtures() {
        List<Fixture> found = Fixtures.all().stream()
                .filter(f -> f.has(FILE) || f.has("student_init.npz"))
                .toList();
        return Fixtures.present(found);
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void tensorsAreReadAndWrittenBitForBit(Fixture fixture, @TempDir Path dir) throws IOException {
        Map<String, INDArray> expected = new LinkedHashMap<>();
        if (fixture.has(FILE)) {
            try (Safetensors file = Safetensors.open(fixture.file(FILE))) {
                for (String name : file.tensors().keySet()) {
                    expected.put(name, file.read(name));
                    if (fixture.has("params/" + name + ".npy")) {
                        same(fixture.npy("params/" + name), expected.get(name), name);
                    }
                }
            }
            if (fixture.has("params")) {
                try (var files = Files.list(fixture.file("params"))) {
                    assertEquals(files.count(), expected.size(), "as many tensors as files in params/");
                }
            }
        } else {
            expected.putAll(fixture.npz("student_init"));
        }
        Path copy = dir.resolve("copy.safetensors");
        SafetensorsWriter.write(copy, vector(expected), Map.of("format", "pt"));
        try (Safetensors file = Safetensors.open(copy)) {
            assertEquals(expected.keySet(), file.tensors().keySet());
            expected.forEach((name, want) -> same(want, file.read(name), name));
        }
    }

    private static ParameterVector vector(Map<String, INDArray> tensors) throws IOException {
        Path file = Files.createTempFile("dino4j", ".safetensors");
        try {
            SafetensorsWriter.write(file, tensors, Map.of());
            Map<String, long[]> shapes = new LinkedHashMap<>();
            tensors.forEach((name, array) -> shapes.put(name, array.shape()));
            ParameterVector vector = ParameterVector.zeros(ParameterLayout.of(shapes), DataType.FLOAT);
            try (Safetensors open = Safetensors.open(file)) {
                StrictWeights.load(open, vector);
            }
            return vector;
        } finally {
            Files.delete(file);
        }
    }

    private static void same(INDArray want, INDArray got, String name) {
        assertArrayEquals(want.shape(), got.shape(), name);
        assertEquals(want.dataType(), got.dataType(), name);
        float[] a = want.ravel().toFloatVector();
        float[] b = got.ravel().toFloatVector();
        for (int i = 0; i < a.length; i++) {
            assertEquals(Float.floatToRawIntBits(a[i]), Float.floatToRawIntBits(b[i]), name);
        }
    }
}
