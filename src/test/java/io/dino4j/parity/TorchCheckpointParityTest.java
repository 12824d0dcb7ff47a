package io.dino4j.parity;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.zoo.weights.LoadReport;
import io.dino4j.zoo.weights.PretrainedWeights;
import io.dino4j.zoo.weights.Safetensors;
import io.dino4j.zoo.weights.TorchCheckpoint;
import io.dino4j.zoo.weights.WeightsException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Checkpoints written by PyTorch are read bit for bit. */
@Tag("parity")
final class TorchCheckpointParityTest {
    private static Fixture formats() {
        return Fixtures.ofKind("pth_formats").get(0);
    }

    static List<Fixture> models() {
        List<Fixture> found =
                Fixtures.all().stream().filter(f -> f.has("model.pth")).toList();
        return Fixtures.present(found);
    }

    @ParameterizedTest
    @MethodSource("models")
    void modelsHaveTheirNamesShapesAndValues(Fixture fixture) {
        try (TorchCheckpoint got = TorchCheckpoint.open(fixture.file("model.pth"))) {
            Map<String, INDArray> gradients = fixture.npz("grads");
            assertEquals(gradients.keySet(), got.tensors().keySet());
            gradients.forEach(
                    (name, g) -> assertArrayEquals(g.shape(), got.read(name).shape(), name));
            if (fixture.has("model.safetensors")) {
                try (Safetensors want = Safetensors.open(fixture.file("model.safetensors"))) {
                    assertEquals(want.tensors().keySet(), got.tensors().keySet());
                    want.tensors().keySet().forEach(name -> same(want.read(name), got.read(name), name));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"mixed_zip.pth", "mixed_zip_buffer.pth"})
    void everyTypeAndLayoutIsRead(String file) {
        Map<String, INDArray> want = formats().npz("expected");
        Map<String, INDArray> got = read(file);
        assertEquals(List.copyOf(want.keySet()), List.copyOf(got.keySet()));
        assertEquals(DataType.BOOL, got.get("bool").dataType());
        want.forEach((name, array) -> {
            INDArray read = got.get(name);
            same(array, read.dataType() == DataType.BOOL ? read.castTo(DataType.UINT8) : read, name);
        });
    }

    @Test
    void theTeacherOfATrainingRunIsRead() {
        Map<String, INDArray> want = formats().npz("expected_teacher");
        Map<String, INDArray> got = read("training_teacher.pth");
        assertEquals(want.size(), got.size());
        want.forEach((name, array) -> same(array, got.get("teacher." + name), name));
    }

    @ParameterizedTest
    @ValueSource(strings = {"training_teacher.pth", "chunked_blocks.pth", "nested_misc.pth"})
    void otherNamesHoldTheSameBackbone(String file) {
        Map<String, INDArray> want = formats().npz("expected_teacher");
        try (PretrainedWeights weights = PretrainedWeights.open(formats().file(file))) {
            assertEquals(file.equals("training_teacher.pth"), weights.dinoHead().isPresent());
            VitConfig config = weights.backbone(OptionalInt.of(2));
            Map<String, long[]> shapes = new LinkedHashMap<>();
            config.parameters().forEach((name, shape) -> shapes.put("backbone." + name, shape));
            ParameterVector network = ParameterVector.zeros(ParameterLayout.of(shapes), DataType.FLOAT);
            LoadReport report = weights.load(network, config);
            assertEquals(List.of("backbone"), report.loaded());
            long backbone = want.keySet().stream()
                    .filter(n -> n.startsWith("backbone."))
                    .count();
            assertEquals(backbone, shapes.size());
            shapes.keySet().forEach(name -> same(want.get(name), network.view(name), name));
        }
    }

    @Test
    void theOldContainerIsRefusedWithAdvice() {
        Path file = formats().file("mixed_legacy.pth");
        String got = assertThrows(WeightsException.class, () -> TorchCheckpoint.open(file))
                .getMessage();
        assertEquals(
                file + ": is in the container of PyTorch before 1.6, or a bare pickle; convert it once in Python with"
                        + " torch.save(torch.load('mixed_legacy.pth', map_location='cpu'), 'converted.pth')",
                got);
    }

    private static Map<String, INDArray> read(String file) {
        Map<String, INDArray> tensors = new LinkedHashMap<>();
        try (TorchCheckpoint checkpoint = TorchCheckpoint.open(formats().file(file))) {
            checkpoint.tensors().keySet().forEach(name -> tensors.put(name, checkpoint.read(name)));
        }
        return tensors;
    }

    private static void same(INDArray want, INDArray got, String name) {
        assertArrayEquals(want.shape(), got.shape(), name);
        assertEquals(want.dataType(), got.dataType(), name);
        if (want.isEmpty()) {
            return;
        }
        double[] a = want.castTo(DataType.DOUBLE).ravel().toDoubleVector();
        double[] b = got.castTo(DataType.DOUBLE).ravel().toDoubleVector();
        for (int i = 0; i < a.length; i++) {
            assertEquals(Double.doubleToRawLongBits(a[i]), Double.doubleToRawLongBits(b[i]), name);
        }
    }
}
