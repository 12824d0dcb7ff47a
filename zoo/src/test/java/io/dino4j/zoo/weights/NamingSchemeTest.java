package io.dino4j.zoo.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Files as other programs write them: without our header. */
final class NamingSchemeTest {
    @TempDir
    private Path dir;

    private final Map<String, INDArray> tensors = new LinkedHashMap<>();

    /** The tensors of a backbone in the names of a scheme. */
    private ParameterVector fill(NamingScheme scheme, VitConfig config, String prefix) throws IOException {
        ParameterVector network = Networks.filled(config, Optional.empty());
        Path file = dir.resolve("filled.safetensors");
        new WeightsExport(scheme, WeightType.FLOAT32).write(file, config, network);
        try (Safetensors open = Safetensors.open(file)) {
            open.tensors().keySet().forEach(n -> tensors.put(prefix + n, open.read(n)));
        }
        return network;
    }

    private Path write() throws IOException {
        Path folder = Files.createDirectories(dir.resolve("other"));
        Path file = folder.resolve("weights.safetensors");
        SafetensorsWriter.write(file, tensors, Map.of());
        return file;
    }

    private void rename(UnaryOperator<String> naming) {
        Map<String, INDArray> renamed = new LinkedHashMap<>();
        tensors.forEach((name, array) -> renamed.put(naming.apply(name), array));
        tensors.clear();
        tensors.putAll(renamed);
    }

    @ParameterizedTest
    @CsvSource({
        "HUGGING_FACE, '', classifier.weight",
        "HUGGING_FACE, dinov2., classifier.weight",
        "HUGGING_FACE, dinov2_with_registers., classifier.bias",
        "HUGGING_FACE, model.dinov2., model.classifier.bias",
        "TIMM, '', head.weight",
        "TIMM, model., model.head.bias",
        "OFFICIAL, backbone., linear_head.weight",
    })
    void aClassifierAroundABackboneIsNamed(NamingScheme scheme, String prefix, String head) throws IOException {
        ParameterVector want = fill(scheme, Networks.MLP, prefix);
        tensors.put(head, Nd4j.zeros(DataType.FLOAT, 10, 24));
        try (PretrainedWeights weights = PretrainedWeights.open(write())) {
            assertEquals(scheme, weights.scheme());
            assertEquals(List.of(head), weights.beside());
            ParameterVector got = ParameterVector.zeros(want.layout(), DataType.FLOAT);
            LoadReport report = weights.load(got, Networks.MLP);
            want.view("backbone.mask_token").muli(scheme == NamingScheme.TIMM ? 0 : 1);
            assertEquals(want.vector(), got.vector());
            String line = report.lines().get(0);
            assertTrue(line.contains("; beside the backbone, left out: " + head), line);
            assertEquals(
                    scheme != NamingScheme.OFFICIAL, line.contains("from %s names".formatted(scheme.title())), line);
            assertEquals(
                    scheme == NamingScheme.TIMM, line.contains("zeros for what these files lack: mask_token"), line);
        }
    }

    @Test
    void gatedLayersOfTimmAreToldByTheirRows() throws IOException {
        fill(NamingScheme.TIMM, Networks.GATED, "");
        try (PretrainedWeights weights = PretrainedWeights.open(write())) {
            assertEquals(new BackboneShape(12, 2, 5, Ffn.SWIGLU, 32, 0, 4), weights.backbone());
        }
        tensors.put("blocks.0.mlp.fc2.weight", Nd4j.zeros(DataType.FLOAT, 12, 31));
        fails("blocks.0.mlp.fc2.weight FLOAT[12, 31], wanted [12, 64]");
    }

    @Test
    void positionsOfTimmWithRegistersAreThoseOfPatches() throws IOException {
        VitConfig config = Networks.MLP.withRegisters(3);
        ParameterVector want = fill(NamingScheme.TIMM, config, "");
        try (PretrainedWeights weights = PretrainedWeights.open(write())) {
            Map<String, INDArray> got = weights.parameters(config);
            INDArray own =
                    want.view("backbone.pos_embed").reshape(17, 12).getRow(0).dup();
            INDArray cls = want.view("backbone.cls_token").reshape(12).dup();
            assertEquals(cls.add(own), got.get("cls_token").reshape(12).dup());
            INDArray positions = got.get("pos_embed").reshape(17, 12).dup();
            assertEquals(0, positions.getRow(0).norm2Number().doubleValue());
            assertEquals(
                    want.view("backbone.pos_embed").reshape(17, 12).getRow(5).dup(),
                    positions.getRow(5).dup());
        }
        tensors.put("pos_embed", Nd4j.zeros(DataType.FLOAT, 1, 17, 12));
        fails("square", "17 positions");
    }

    @Test
    void everyDifferenceIsListedInTheNamesOfTheFile() throws IOException {
        fill(NamingScheme.HUGGING_FACE, Networks.MLP, "dinov2.");
        tensors.remove("dinov2.encoder.layer.1.attention.attention.key.weight");
        tensors.put("dinov2.encoder.layer.0.attention.attention.value.bias", Nd4j.zeros(DataType.FLOAT, 13));
        tensors.put("dinov2.pooler.dense.weight", Nd4j.zeros(DataType.FLOAT, 2));
        tensors.put("stray", Nd4j.zeros(DataType.FLOAT, 2));
        tensors.put("dinov2.layernorm.bias", Nd4j.zeros(DataType.INT64, 12));
        fails(
                "1 missing: dinov2.encoder.layer.1.attention.attention.key.weight; 2 unexpected: dinov2.pooler.dense.weight, stray;"
                        + " 2 of another shape or type: dinov2.encoder.layer.0.attention.attention.value.bias FLOAT[13], wanted [12],"
                        + " dinov2.layernorm.bias LONG[12], wanted [12]");
    }

    @Test
    void twoTensorsThatMeanTheSameAreRefused() throws IOException {
        fill(NamingScheme.OFFICIAL, Networks.MLP, "");
        tensors.put("blocks.0.1.norm1.bias", Nd4j.zeros(DataType.FLOAT, 12));
        fails("tensors 'blocks.1.norm1.bias' and 'blocks.0.1.norm1.bias' are the same parameter");
    }

    @Test
    void theStudentIsReadWhereItIsAskedFor() throws IOException {
        ParameterVector want = fill(NamingScheme.OFFICIAL, Networks.MLP, "student.backbone.");
        want.views("").forEach((n, v) -> tensors.put("teacher." + n, Nd4j.zeros(DataType.FLOAT, v.shape())));
        Path file = write();
        try (PretrainedWeights teacher = PretrainedWeights.open(file);
                PretrainedWeights student = PretrainedWeights.open(file, NetworkRole.STUDENT)) {
            assertEquals(
                    0,
                    teacher.parameters(Networks.MLP)
                            .get("norm.bias")
                            .norm2Number()
                            .doubleValue());
            assertEquals(
                    want.view("backbone.norm.bias").dup(),
                    student.parameters(Networks.MLP).get("norm.bias").dup());
        }
        rename(n -> n.replace("student.", "x.").replace("teacher.", "y."));
        Path none = write();
        String got = assertThrows(WeightsException.class, () -> PretrainedWeights.open(none, NetworkRole.STUDENT))
                .getMessage();
        assertTrue(got.contains("holds no student"), got);
    }

    @Test
    void hostileNamesDoNotBreakTheLine() throws IOException {
        fill(NamingScheme.OFFICIAL, Networks.MLP, "");
        tensors.put("a\n\u001b[31mdino4j: all is well", Nd4j.zeros(DataType.FLOAT, 1));
        fails("1 unexpected: a??[31mdino4j: all is well");
    }

    private void fails(String... parts) throws IOException {
        Path file = write();
        String message = assertThrows(WeightsException.class, () -> {
                    try (PretrainedWeights weights = PretrainedWeights.open(file)) {
                        VitConfig config = weights.backbone(OptionalInt.of(3));
                        Map<String, long[]> shapes = new LinkedHashMap<>();
                        config.parameters().forEach((n, s) -> shapes.put("backbone." + n, s));
                        weights.check(ParameterLayout.of(shapes), config);
                    }
                })
                .getMessage();
        assertTrue(message.startsWith(file.toString()), message);
        for (String part : parts) {
            assertTrue(message.contains(part), message);
        }
    }
}
