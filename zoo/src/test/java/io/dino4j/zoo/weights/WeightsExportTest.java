package io.dino4j.zoo.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dino4j.data.Progress;
import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.zoo.FeatureExtractor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class WeightsExportTest {
    @TempDir
    private Path dir;

    static Stream<Arguments> every() {
        return Networks.configs().stream()
                .flatMap(c -> Stream.of(NamingScheme.values()).map(s -> Arguments.of(c, s)));
    }

    private Path file(Object name) {
        return dir.resolve(name + ".safetensors");
    }

    /** Official names, to a scheme and back. */
    @ParameterizedTest
    @MethodSource("every")
    void aRoundTripIsExact(VitConfig config, NamingScheme scheme) throws IOException {
        Map<String, INDArray> want = Networks.filled(config, Optional.empty()).views("backbone.");
        new WeightsExport(scheme, WeightType.FLOAT32).write(file(scheme), config, want);
        Map<String, INDArray> got;
        try (PretrainedWeights weights = PretrainedWeights.open(file(scheme))) {
            assertEquals(scheme, weights.scheme());
            assertEquals(config, weights.backbone(OptionalInt.empty()), "the header tells all");
            new WeightsExport(NamingScheme.OFFICIAL, WeightType.FLOAT32)
                    .write(file("back"), weights, OptionalInt.empty(), false, Progress.SILENT);
        }
        try (PretrainedWeights back = PretrainedWeights.open(file("back"))) {
            assertEquals(NamingScheme.OFFICIAL, back.scheme());
            got = back.parameters(config);
        }
        Set<String> other = different(want, got);
        if (scheme != NamingScheme.TIMM) {
            assertEquals(Set.of(), other);
            return;
        }
        assertEquals(0, got.get("mask_token").norm2Number().doubleValue(), "timm has none");
        assertEquals(
                config.numRegisters() == 0 ? Set.of("mask_token") : Set.of("mask_token", "cls_token", "pos_embed"),
                other);
        INDArray images = Nd4j.rand(DataType.FLOAT, 2, 3, 20, 20);
        assertEquals(features(config, want, images), features(config, got, images), "the network sees the same");
    }

    private static INDArray features(VitConfig config, Map<String, INDArray> weights, INDArray images) {
        try (FeatureExtractor extractor = new FeatureExtractor(config, weights, Providers.PORTABLE.list())) {
            return extractor.patches(images);
        }
    }

    private static Set<String> different(Map<String, INDArray> want, Map<String, INDArray> got) {
        assertEquals(want.keySet(), got.keySet());
        Set<String> different = new TreeSet<>();
        want.forEach((name, array) -> {
            assertArrayEquals(array.shape(), got.get(name).shape(), name);
            if (!sameNumbers(array, got.get(name))) {
                different.add(name);
            }
        });
        return different;
    }

    private static boolean sameNumbers(INDArray a, INDArray b) {
        float[] x = a.dup('c').ravel().toFloatVector();
        float[] y = b.dup('c').ravel().toFloatVector();
        return Arrays.equals(x, y);
    }

    /** From one foreign scheme to the other: the table has no favourite. */
    @ParameterizedTest
    @MethodSource("every")
    void whatIsWrittenHasExactlyTheNamesOfTheScheme(VitConfig config, NamingScheme scheme) throws IOException {
        new WeightsExport(scheme, WeightType.FLOAT32)
                .write(file(scheme), config, Networks.filled(config, Optional.empty()));
        try (Safetensors file = Safetensors.open(file(scheme))) {
            Map<String, TensorInfo> t = file.tensors();
            int perBlock = scheme == NamingScheme.HUGGING_FACE ? 18 : 14;
            int outside = scheme == NamingScheme.TIMM ? 6 : 7;
            int registers = config.numRegisters() > 0 ? 1 : 0;
            assertEquals(perBlock * config.depth() + outside + registers, t.size());
            assertEquals("pt", file.metadata().get("format"));
            switch (scheme) {
                case OFFICIAL -> assertEquals(config.parameters().keySet(), t.keySet());
                case HUGGING_FACE -> {
                    shape(t, "encoder.layer.1.attention.attention.query.weight", 12, 12);
                    shape(t, "encoder.layer.1.attention.attention.value.bias", 12);
                    shape(t, "encoder.layer.0.attention.output.dense.weight", 12, 12);
                    shape(t, "encoder.layer.0.layer_scale2.lambda1", 12);
                    shape(t, "embeddings.patch_embeddings.projection.bias", 12);
                    shape(t, "embeddings.position_embeddings", 1, 17, 12);
                    shape(t, "layernorm.weight", 12);
                    String wide = config.ffn() == Ffn.MLP ? "fc1" : "weights_in";
                    shape(t, "encoder.layer.0.mlp." + wide + ".weight", config.ffn() == Ffn.MLP ? 48 : 64, 12);
                }
                case TIMM -> {
                    shape(t, "pos_embed", 1, registers == 0 ? 17 : 16, 12);
                    shape(t, "blocks.1.mlp.fc1.weight", config.ffn() == Ffn.MLP ? 48 : 64, 12);
                    shape(t, "blocks.1.mlp.fc2.weight", 12, config.ffn() == Ffn.MLP ? 48 : 32);
                    assertEquals(registers == 1, t.containsKey("reg_token"));
                }
            }
        }
    }

    private static void shape(Map<String, TensorInfo> tensors, String name, long... shape) {
        assertTrue(tensors.containsKey(name), () -> name + " is not among " + tensors.keySet());
        assertArrayEquals(shape, tensors.get(name).shape(), name);
    }

    @ParameterizedTest
    @EnumSource
    void halvesAreRoundedOnce(WeightType type) throws IOException {
        VitConfig config = Networks.MLP;
        Map<String, INDArray> want = Networks.filled(config, Optional.empty()).views("backbone.");
        new WeightsExport(NamingScheme.HUGGING_FACE, type).write(file("first"), config, want);
        try (PretrainedWeights weights = PretrainedWeights.open(file("first"))) {
            Map<String, INDArray> got = weights.parameters(config);
            double bound = type == WeightType.FLOAT32 ? 0 : type == WeightType.FLOAT16 ? 0x1p-11 : 0x1p-8;
            want.forEach((name, array) -> {
                float[] a = array.dup('c').ravel().toFloatVector();
                float[] b = got.get(name).dup('c').ravel().toFloatVector();
                for (int i = 0; i < a.length; i++) {
                    assertEquals(a[i], b[i], Math.abs(a[i]) * bound + (bound == 0 ? 0 : 0x1p-25), name);
                }
            });
            new WeightsExport(NamingScheme.HUGGING_FACE, type)
                    .write(file("second"), weights, OptionalInt.empty(), false, Progress.SILENT);
        }
        assertEquals(-1, Files.mismatch(file("first"), file("second")), "the second time nothing is lost");
    }

    @Test
    void numbersBeyondHalfPrecisionAreRefused() throws IOException {
        ParameterVector network = Networks.filled(Networks.MLP, Optional.empty());
        network.view("backbone.norm.bias").assign(7e4);
        WeightsExport export = new WeightsExport(NamingScheme.OFFICIAL, WeightType.FLOAT16);
        String got = assertThrows(WeightsException.class, () -> export.write(file("half"), Networks.MLP, network))
                .getMessage();
        assertEquals("'norm.bias' holds 70000.0, which is beyond the range of float16; choose another type", got);
        assertFalse(Files.exists(file("half")));
    }

    @Test
    void headsGoAlongUnderOfficialNamesOnly() throws IOException {
        ParameterVector network = Networks.filled(Networks.MLP, Optional.of(Networks.HEAD));
        SafetensorsWriter.write(file("run"), network, BackboneMetadata.of(Networks.MLP));
        try (PretrainedWeights weights = PretrainedWeights.open(file("run"))) {
            WeightsExport official = new WeightsExport(NamingScheme.OFFICIAL, WeightType.FLOAT32);
            official.write(file("all"), weights, OptionalInt.empty(), true, Progress.SILENT);
            official.write(file("backbone"), weights, OptionalInt.empty(), false, Progress.SILENT);
            WeightsExport hub = new WeightsExport(NamingScheme.HUGGING_FACE, WeightType.FLOAT32);
            assertThrows(
                    IllegalArgumentException.class,
                    () -> hub.write(file("hub"), weights, OptionalInt.empty(), true, Progress.SILENT));
        }
        try (PretrainedWeights all = PretrainedWeights.open(file("all"));
                PretrainedWeights bare = PretrainedWeights.open(file("backbone"))) {
            ParameterVector got = ParameterVector.zeros(network.layout(), DataType.FLOAT);
            assertEquals(
                    List.of("backbone", "dino_head"),
                    all.load(got, Networks.MLP).loaded());
            assertEquals(network.vector(), got.vector());
            assertEquals(Optional.empty(), bare.dinoHead());
        }
        assertFalse(Files.exists(file("hub")));
    }

    @ParameterizedTest
    @MethodSource("io.dino4j.zoo.weights.Networks#configs")
    void theConfigBesideAHubFileSaysWhatTransformersNeeds(VitConfig config) throws IOException {
        new WeightsExport(NamingScheme.HUGGING_FACE, WeightType.BFLOAT16)
                .write(file("model"), config, Networks.filled(config, Optional.empty()));
        JsonNode json = new ObjectMapper().readTree(dir.resolve("config.json").toFile());
        boolean registers = config.numRegisters() > 0;
        assertEquals(
                registers ? "dinov2_with_registers" : "dinov2",
                json.get("model_type").asText());
        assertEquals(
                registers ? "Dinov2WithRegistersModel" : "Dinov2Model",
                json.at("/architectures/0").asText());
        assertEquals(12, json.get("hidden_size").asInt());
        assertEquals(2, json.get("num_hidden_layers").asInt());
        assertEquals(3, json.get("num_attention_heads").asInt());
        assertEquals(4, json.get("mlp_ratio").asInt());
        assertEquals(1e-6, json.get("layer_norm_eps").asDouble());
        assertEquals(20, json.get("image_size").asInt());
        assertEquals(5, json.get("patch_size").asInt());
        assertEquals(3, json.get("num_channels").asInt());
        assertTrue(json.get("qkv_bias").asBoolean());
        assertEquals(config.ffn() == Ffn.SWIGLU, json.get("use_swiglu_ffn").asBoolean());
        assertEquals("bfloat16", json.get("torch_dtype").asText());
        assertEquals(
                registers ? config.numRegisters() : 0,
                json.path("num_register_tokens").asInt());
    }

    @Test
    void whatCannotBeWrittenLeavesNothing() throws IOException {
        VitConfig config = Networks.MLP;
        WeightsExport export = new WeightsExport(NamingScheme.HUGGING_FACE, WeightType.FLOAT32);
        Map<String, INDArray> some =
                new HashMap<>(Networks.filled(config, Optional.empty()).views("backbone."));
        some.put("norm.bias", Nd4j.zeros(DataType.FLOAT, 11));
        String wrong = assertThrows(IllegalArgumentException.class, () -> export.write(file("model"), config, some))
                .getMessage();
        assertEquals("parameter 'norm.bias' must be FLOAT[12], got FLOAT[11]", wrong);
        some.remove("norm.bias");
        assertThrows(IllegalArgumentException.class, () -> export.write(file("model"), config, some));
        Map<String, INDArray> whole = Networks.filled(config, Optional.empty()).views("backbone.");
        Path nowhere = dir.resolve("none/model.safetensors");
        assertThrows(IOException.class, () -> export.write(nowhere, config, whole));
        Files.createDirectories(dir.resolve("config.json/in the way"));
        assertThrows(IOException.class, () -> export.write(dir.resolve("config.json"), config, whole));
        try (Stream<Path> left = Files.list(dir)) {
            assertEquals(List.of(dir.resolve("config.json")), left.toList());
        }
    }
}
