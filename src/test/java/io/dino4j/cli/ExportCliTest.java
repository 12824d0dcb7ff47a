package io.dino4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dino4j.graph.param.Initialization;
import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.zoo.weights.SafetensorsWriter;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;

final class ExportCliTest {
    private static final VitConfig VIT = new VitConfig(32, 8, 32, 2, 2, 4, Ffn.MLP, 0, 1, 0.1, false);

    @TempDir
    private static Path shared;

    private static Path weights;

    @TempDir
    private Path dir;

    private Path out;

    @BeforeAll
    static void writeWeights() throws IOException {
        ParameterVector network = ParameterVector.zeros(ParameterLayout.of(VIT.parameters()), DataType.FLOAT);
        Initialization.fill(network, 1, 0);
        weights = shared.resolve("backbone.safetensors");
        SafetensorsWriter.write(weights, network, Map.of());
    }

    @BeforeEach
    void nameOutput() {
        out = dir.resolve("model.onnx");
    }

    private Outcome export(Object... more) {
        Object[] args = {"export", "onnx", "--weights", weights, "--heads", 2, "--out", out};
        return Outcome.of(Stream.concat(Stream.of(args), Stream.of(more)).toArray());
    }

    private static void assertRuns(Path model, long... shape) throws Exception {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        int n = (int) (shape[0] * shape[1] * shape[2] * shape[3]);
        try (OrtSession session = environment.createSession(model.toString());
                OnnxTensor x = OnnxTensor.createTensor(environment, FloatBuffer.allocate(n), shape);
                OrtSession.Result result = session.run(Map.of("images", x))) {
            assertEquals(shape[0], ((OnnxTensor) result.get(0)).getInfo().getShape()[0]);
        }
    }

    @Test
    void aModelIsWrittenAndDescribed() throws Exception {
        String text = export().succeeded().out();
        assertTrue(text.contains("opset 17"), text);
        assertTrue(text.contains("images     float32 [batch, 3, height, width]"), text);
        assertTrue(text.contains("cls        float32 [batch, 32]"), text);
        assertTrue(text.contains("patches    float32 [batch, num_patches, 32]"), text);
        assertEquals(List.of("model.onnx"), names());
        assertRuns(out, 2, 3, 40, 24);
    }

    /** Heads and interpolation of a run are those of its configuration: width 32 is of no official size. */
    @Test
    void aRunNeedsNoMoreWords() throws Exception {
        Path run = dir.resolve("run");
        Path images = TinyRun.pictures(dir.resolve("pictures"), 18);
        Object[] pretrain = {"pretrain", "--config", TinyRun.config(dir), "--images", images, "--out", run};
        Outcome.of(Stream.concat(Stream.of(pretrain), Stream.of("--epochs", 1)).toArray())
                .succeeded();
        Outcome.of("export", "onnx", "--weights", run, "--out", out).succeeded();
        assertRuns(out, 1, 3, 32, 32);
        assertRuns(out, 2, 3, 64, 16);
    }

    @Test
    void optionsReachTheModel() throws Exception {
        Outcome outcome = export("--size", "24x40", "--external-data", "--precision", "f16", "--json");
        JsonNode json = new ObjectMapper().readTree(outcome.succeeded().out());
        assertEquals(out + ".data", json.path("data").asText());
        assertEquals(17, json.path("opset").asInt());
        assertEquals(24, json.at("/inputs/0/shape/2").asInt());
        assertEquals(40, json.at("/inputs/0/shape/3").asInt());
        assertEquals("batch", json.at("/outputs/1/shape/0").asText());
        assertEquals(15, json.at("/outputs/1/shape/1").asInt());
        assertEquals(
                Files.size(out) + Files.size(Path.of(out + ".data")),
                json.path("bytes").asLong());
        assertRuns(out, 1, 3, 24, 40);
        String again = export("--force", "--with-preprocessing").succeeded().out();
        assertTrue(again.contains("uint8 [batch, height, width, 3]"), again);
        assertTrue(again.contains("model.onnx.data is of an earlier export"), again);
    }

    @Test
    void whatIsWrongIsSaidAndNothingWritten() throws IOException {
        export("--size", "224x").failed(2, "'224x' is no size");
        export("--size", "20").failed(2, "20x20 pixels do not split into patches of 8", "24x24");
        export("--precision", "f8").failed(2, "--precision");
        Outcome.of("export", "onnx", "--weights", weights, "--out", out).failed(2, "number of attention heads");
        Path none = dir.resolve("none.pth");
        Outcome.of("export", "onnx", "--weights", none, "--out", out).failed(2, none.toString(), "no such file");
        Outcome.of("export", "onnx", "--weights", weights, "--heads", 2, "--out", dir.resolve("a/b.onnx"))
                .failed(1, dir.resolve("a").toString(), "no such folder");
        Outcome.of("export", "onnx", "--weights", weights, "--heads", 3, "--out", out)
                .failed(2, "3 heads");
        assertFalse(Files.exists(out));
        Files.writeString(out, "mine");
        export().failed(2, out.toString(), "--force");
        assertEquals("mine", Files.readString(out));
        export("--force").succeeded();
        assertEquals(List.of("model.onnx"), names());
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }
}
