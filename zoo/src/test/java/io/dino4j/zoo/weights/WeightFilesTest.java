package io.dino4j.zoo.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.vit.VitConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Folders as runs and the hub have them, and what lies beside weights there. */
final class WeightFilesTest {
    private static final VitConfig MLP = Networks.MLP;

    @TempDir
    private Path dir;

    private static ParameterVector network() {
        return Networks.filled(MLP, Optional.empty());
    }

    /** A folder of the hub; our header is left out, as others do not write it. */
    private Path hub(String file) throws IOException {
        Path ours = dir.resolve("model.safetensors");
        new WeightsExport(NamingScheme.HUGGING_FACE, WeightType.FLOAT32).write(ours, MLP, network());
        try (Safetensors open = Safetensors.open(ours)) {
            Map<String, INDArray> tensors = new LinkedHashMap<>();
            open.tensors().keySet().forEach(n -> tensors.put(n, open.read(n)));
            SafetensorsWriter.write(dir.resolve(file), tensors, Map.of("format", "pt"));
        }
        return dir;
    }

    @Test
    void theConfigOfTheHubTellsTheHeads() throws IOException {
        try (PretrainedWeights weights = PretrainedWeights.open(hub("model.safetensors"))) {
            assertEquals(OptionalInt.of(3), weights.heads());
            assertEquals(MLP, weights.backbone(OptionalInt.empty()));
            String got = assertThrows(WeightsException.class, () -> weights.backbone(OptionalInt.of(4)))
                    .getMessage();
            assertTrue(got.endsWith("has 3 attention heads by its own account, not 4"), got);
        }
        Files.delete(dir.resolve("config.json"));
        try (PretrainedWeights weights = PretrainedWeights.open(dir.resolve("model.safetensors"))) {
            assertEquals(4, weights.backbone(OptionalInt.of(4)).numHeads());
            assertThrows(WeightsException.class, () -> weights.backbone(OptionalInt.empty()));
            String got = assertThrows(WeightsException.class, () -> weights.backbone(OptionalInt.of(5)))
                    .getMessage();
            assertTrue(got.contains("a width that splits into 5 heads"), got);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"layer_norm_eps\" : 1.0E-6 | \"layer_norm_eps\" : 1e-12 | layer_norm_eps is 1.0E-12, wanted 1.0E-6",
                "\"hidden_size\" : 12 | \"hidden_size\" : 13 | hidden_size is 13, wanted 12",
                "\"hidden_size\" : 12 | \"hidden_size\" : \"12\" | hidden_size is \"12\", wanted 12",
                "\"image_size\" : 20 | \"image_size\" : [20, 20] | image_size is [20,20], wanted 20",
                "\"mlp_ratio\" : 4 | \"mlp_ratio\" : 1e300 | mlp_ratio 1.0E300 does not give the hidden width 48",
                "\"num_attention_heads\" : 3 | \"num_attention_heads\" : 0 | num_attention_heads is 0, which does not divide the width 12",
                "\"num_attention_heads\" : 3 | \"num_attention_heads\" : 3.5 | num_attention_heads is 3.5",
                "\"model_type\" : \"dinov2\" | \"model_type\" : \"vit\" | model_type is \"vit\", wanted \"dinov2\"",
                "\"qkv_bias\" : true | \"qkv_bias\" : false | qkv_bias is false, wanted true",
                "\"hidden_act\" : \"gelu\" | \"hidden_act\" : \"relu\" | hidden_act is \"relu\", wanted \"gelu\"",
                "\"qkv_bias\" : true | \"patch_size\" : 5 | is not JSON: Duplicate field 'patch_size'",
                "{ | [{ | is not JSON",
            })
    void aConfigOfAnotherNetworkIsRefused(String from, String to, String message) throws IOException {
        Path config = hub("model.safetensors").resolve("config.json");
        String text = Files.readString(config);
        assertTrue(text.contains(from), text);
        Files.writeString(config, text.replace(from, to));
        String got = assertThrows(WeightsException.class, () -> PretrainedWeights.open(dir))
                .getMessage();
        assertTrue(got.startsWith(config + ": ") && got.contains(message), got);
    }

    @Test
    void aHugeConfigIsNotRead() throws IOException {
        Path config = hub("model.safetensors").resolve("config.json");
        Files.write(config, new byte[2 << 20]);
        String got = assertThrows(WeightsException.class, () -> PretrainedWeights.open(dir))
                .getMessage();
        assertTrue(got.contains("has 2097152 bytes, more than the 1048576 allowed"), got);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "{}", "{\"num_heads\": 3}", "[1]"})
    void aHeaderOfOursIsReadStrictly(String metadata) throws IOException {
        Path file = dir.resolve("ours.safetensors");
        SafetensorsWriter.write(file, network(), Map.of(BackboneMetadata.KEY, metadata));
        String got = assertThrows(WeightsException.class, () -> PretrainedWeights.open(file))
                .getMessage();
        assertTrue(got.startsWith(file + ": its metadata 'dino4j.backbone'"), got);
    }

    @Test
    void aHeaderOfAnotherBackboneIsRefused() throws IOException {
        Path file = dir.resolve("ours.safetensors");
        SafetensorsWriter.write(file, network(), BackboneMetadata.of(MLP.withImageSize(25)));
        String got = assertThrows(WeightsException.class, () -> PretrainedWeights.open(file))
                .getMessage();
        assertTrue(got.contains("for images of 25 pixels, but the tensors are those of"), got);
        String extra = BackboneMetadata.json(MLP).put("more", 1).toString();
        SafetensorsWriter.write(file, network(), Map.of(BackboneMetadata.KEY, extra));
        got = assertThrows(WeightsException.class, () -> PretrainedWeights.open(file))
                .getMessage();
        assertTrue(got.endsWith("fields that are not known: more"), got);
    }

    @Test
    void theNewestCompleteCheckpointOfARunIsRead() throws IOException {
        Path run = dir.resolve("run");
        for (long step : new long[] {7, 30, 200}) {
            Path checkpoint = Files.createDirectories(run.resolve("checkpoints").resolve(RunLayout.folder(step)));
            for (NetworkRole role : NetworkRole.values()) {
                ParameterVector network = network();
                network.view("backbone.norm.bias").assign(role == NetworkRole.TEACHER ? step : -step);
                SafetensorsWriter.write(checkpoint.resolve(role.file()), network, BackboneMetadata.of(MLP));
            }
            if (step != 200) { // it was being written
                Files.writeString(checkpoint.resolve("state.json"), "{}");
            }
        }
        assertEquals(30, normBias(run, NetworkRole.TEACHER));
        assertEquals(-30, normBias(run, NetworkRole.STUDENT));
        assertEquals(7, normBias(run.resolve("checkpoints/step-00000007"), NetworkRole.TEACHER));
        assertEquals(-7, normBias(run.resolve("checkpoints/step-00000007/student.safetensors"), NetworkRole.STUDENT));
        assertEquals(-7, normBias(run.resolve("checkpoints/step-00000007/student.safetensors"), NetworkRole.TEACHER));
    }

    private static double normBias(Path path, NetworkRole role) {
        try (PretrainedWeights weights = PretrainedWeights.open(path, role)) {
            return weights.parameters(weights.backbone(OptionalInt.empty()))
                    .get("norm.bias")
                    .getDouble(3);
        }
    }

    @Test
    void foldersWithoutWeightsAreNamed() throws IOException {
        fails(dir, "is a folder without weights");
        Files.createDirectories(dir.resolve("checkpoints/step-00000001"));
        fails(dir, "has no complete checkpoint yet");
    }

    /** Two shards and their index. */
    private Path shards() throws IOException {
        Path whole = hub("whole.safetensors").resolve("whole.safetensors");
        Files.delete(dir.resolve("model.safetensors"));
        Map<String, Map<String, INDArray>> shards = new LinkedHashMap<>();
        StringBuilder index = new StringBuilder("{\"metadata\":{\"total_size\":1},\"weight_map\":{");
        try (Safetensors open = Safetensors.open(whole)) {
            for (String name : open.tensors().keySet()) {
                String shard = "model-%d-of-2.safetensors".formatted(1 + name.length() % 2);
                shards.computeIfAbsent(shard, s -> new LinkedHashMap<>()).put(name, open.read(name));
                index.append("\"%s\":\"%s\",".formatted(name, shard));
            }
        }
        for (Map.Entry<String, Map<String, INDArray>> shard : shards.entrySet()) {
            SafetensorsWriter.write(dir.resolve(shard.getKey()), shard.getValue(), Map.of());
        }
        Files.delete(whole);
        index.setLength(index.length() - 1);
        return Files.writeString(dir.resolve("model.safetensors.index.json"), index + "}}");
    }

    @Test
    void shardsAreOneFile() throws IOException {
        Path index = shards();
        Map<String, INDArray> want = network().views("backbone.");
        for (Path path : List.of(dir, index)) {
            try (PretrainedWeights weights = PretrainedWeights.open(path)) {
                Map<String, INDArray> got = weights.parameters(weights.backbone(OptionalInt.empty()));
                want.forEach(
                        (name, array) -> assertEquals(array.dup(), got.get(name).dup(), name));
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "model-1-of-2 | ../model-1-of-2 | is no name of a .safetensors file beside it",
                "model-1-of-2 | /etc/passwd | is no name of a .safetensors file beside it",
                "model-1-of-2 | model-3-of-2 | model-3-of-2.safetensors: no such file",
                "\"embeddings.cls_token\" | \"other\" | says that 'other' is in",
                "\"embeddings.cls_token\":\"model-1-of-2.safetensors\", | '' | says nothing of 'embeddings.cls_token' in",
                "weight_map | weights | has no 'weight_map'",
                "\"embeddings.cls_token\" | \"embeddings.mask_token\" | is not JSON: Duplicate field",
            })
    void anIndexThatLiesIsRefused(String from, String to, String message) throws IOException {
        Path index = shards();
        String text = Files.readString(index);
        String home = text.contains("\"embeddings.cls_token\":\"model-1") ? "1" : "2";
        String of = from.replace("model-1", "model-" + home);
        assertTrue(text.contains(of), text);
        Files.writeString(index, text.replace(of, to.replace("model-1", "model-" + home)));
        fails(dir, message);
    }

    private static void fails(Path path, String message) {
        String got = assertThrows(WeightsException.class, () -> PretrainedWeights.open(path))
                .getMessage();
        assertTrue(got.startsWith(path.toString()) && got.contains(message), got);
    }
}
