package io.dino4j.zoo.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.head.HeadConfig;
import io.dino4j.graph.param.Initialization;
import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.zoo.FeatureExtractor;
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
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class PretrainedWeightsTest {
    private static final VitConfig MLP = new VitConfig(20, 5, 12, 2, 3, 4, Ffn.MLP, 0, 1e-5, 0.1, false);
    private static final HeadConfig HEAD = new HeadConfig(12, 9, 10, 7, 3);

    @TempDir
    private Path dir;

    /** A network under official names, filled with start values. */
    private static ParameterVector network(VitConfig config, Optional<HeadConfig> dino, Optional<HeadConfig> ibot) {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        config.parameters().forEach((n, s) -> shapes.put("backbone." + n, s));
        dino.ifPresent(h -> h.parameters().forEach((n, s) -> shapes.put("dino_head." + n, s)));
        ibot.ifPresent(h -> h.parameters().forEach((n, s) -> shapes.put("ibot_head." + n, s)));
        ParameterVector network = ParameterVector.zeros(ParameterLayout.of(shapes), DataType.FLOAT);
        Initialization.fill(network, new Initialization.Spread(0.5, 0.2, 0.5, 0.2), shapes.size());
        return network;
    }

    private static ParameterVector zeros(ParameterVector like) {
        return ParameterVector.zeros(like.layout(), DataType.FLOAT);
    }

    private Path write(ParameterVector network, UnaryOperator<String> naming) throws IOException {
        Map<String, INDArray> tensors = new LinkedHashMap<>();
        network.views("").forEach((name, view) -> tensors.put(naming.apply(name), view));
        return write(tensors);
    }

    private Path write(Map<String, INDArray> tensors) throws IOException {
        Path file = dir.resolve("weights.safetensors");
        SafetensorsWriter.write(file, tensors, Map.of());
        return file;
    }

    private static String withoutBackbone(String name) {
        return name.replace("backbone.", "");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "backbone.", "teacher.backbone.", "model.module.backbone.", "teacher."})
    void aBackboneIsRecognisedUnderThePathsOfOfficialTraining(String path) throws IOException {
        ParameterVector want = network(MLP, Optional.empty(), Optional.empty());
        Path file = write(want, n -> path + withoutBackbone(n).replace("blocks.1.", "blocks.1.1."));
        try (PretrainedWeights weights = PretrainedWeights.open(file)) {
            assertEquals(new BackboneShape(12, 2, 5, Ffn.MLP, 48, 0, 4), weights.backbone());
            assertEquals(MLP, weights.backbone(OptionalInt.of(3)));
            assertEquals(Optional.empty(), weights.dinoHead());
            ParameterVector got = zeros(want);
            LoadReport report = weights.load(got, MLP);
            assertEquals(want.vector(), got.vector());
            assertEquals(
                    List.of(file + ": a ViT of width 12 with 2 blocks, MLP of 48, patches of 5 pixels, 0 registers;"
                            + " loaded backbone"),
                    report.lines());
        }
    }

    @Test
    void gatedLayersRegistersAndOddRatiosAreRecognised() throws IOException {
        VitConfig gated = new VitConfig(10, 5, 12, 1, 3, 4, Ffn.SWIGLU, 2, 1e-5, 0, true);
        VitConfig odd = new VitConfig(10, 5, 12, 1, 3, 37.0 / 12, Ffn.MLP, 0, 1e-5, 0.1, false);
        for (VitConfig config : List.of(gated, odd)) {
            Path file =
                    write(network(config, Optional.empty(), Optional.empty()), PretrainedWeightsTest::withoutBackbone);
            try (PretrainedWeights weights = PretrainedWeights.open(file)) {
                VitConfig got = weights.backbone(OptionalInt.of(3));
                assertEquals(config.hidden(), got.hidden());
                assertEquals(
                        config.withImageSize(10).parameters().keySet(),
                        got.parameters().keySet());
                assertEquals(config.interpolateAntialias(), got.interpolateAntialias());
                assertEquals(config.interpolateOffset(), got.interpolateOffset());
            }
        }
    }

    @Test
    void officialSizesTellTheirHeads() throws IOException {
        VitConfig small = new VitConfig(14, 14, 384, 1, 6, 4, Ffn.MLP, 0, 1e-5, 0.1, false);
        Path file = write(network(small, Optional.empty(), Optional.empty()), PretrainedWeightsTest::withoutBackbone);
        try (PretrainedWeights weights = PretrainedWeights.open(file)) {
            assertEquals(small, weights.backbone(OptionalInt.empty()));
        }
        Path other = write(network(MLP, Optional.empty(), Optional.empty()), PretrainedWeightsTest::withoutBackbone);
        try (PretrainedWeights weights = PretrainedWeights.open(other)) {
            String message = assertThrows(WeightsException.class, () -> weights.backbone(OptionalInt.empty()))
                    .getMessage();
            assertTrue(message.startsWith(other + ": a backbone of width 12 is none of the official ones"), message);
        }
    }

    @Test
    void headsAreLoadedWhereBothHaveThem() throws IOException {
        HeadConfig single = new HeadConfig(12, 5, 3, 4, 1);
        ParameterVector want = network(MLP, Optional.of(HEAD), Optional.of(single));
        Path file = write(want, n -> "teacher." + n);
        try (PretrainedWeights weights = PretrainedWeights.open(file)) {
            assertEquals(Optional.of(HEAD), weights.dinoHead());
            HeadConfig ibot = weights.ibotHead().orElseThrow();
            assertEquals(single.parameters().keySet(), ibot.parameters().keySet());
            ParameterVector all = zeros(want);
            assertEquals(
                    List.of("backbone", "dino_head", "ibot_head"),
                    weights.load(all, MLP).loaded());
            assertEquals(want.vector(), all.vector());
            ParameterVector shared = zeros(network(MLP, Optional.of(HEAD), Optional.empty()));
            assertEquals(List.of("ibot_head"), weights.load(shared, MLP).unused());
        }
        try (PretrainedWeights weights = PretrainedWeights.open(
                write(network(MLP, Optional.empty(), Optional.empty()), PretrainedWeightsTest::withoutBackbone))) {
            ParameterVector fresh = network(MLP, Optional.of(HEAD), Optional.empty());
            INDArray before = fresh.view("dino_head.last_layer.weight_v").dup();
            assertEquals(List.of("dino_head"), weights.load(fresh, MLP).fresh());
            assertEquals(before, fresh.view("dino_head.last_layer.weight_v"), "left as it was");
        }
    }

    @Test
    void ofStudentAndTeacherTheTeacherIsTaken() throws IOException {
        ParameterVector want = network(MLP, Optional.empty(), Optional.empty());
        Map<String, INDArray> tensors = new LinkedHashMap<>();
        want.views("").forEach((name, view) -> {
            tensors.put("student." + name, Nd4j.zeros(DataType.FLOAT, view.shape()));
            tensors.put("teacher." + name, view);
        });
        try (PretrainedWeights weights = PretrainedWeights.open(write(tensors))) {
            ParameterVector got = zeros(want);
            assertEquals(want.layout().names().size(), weights.load(got, MLP).ignored());
            assertEquals(want.vector(), got.vector());
        }
        tensors.keySet().removeIf(n -> n.startsWith("teacher."));
        want.views("").forEach((name, view) -> tensors.put("other." + name, view));
        failsWith(write(tensors), "several backbones", "student.backbone., other.backbone.");
    }

    /** The resampled network is the network: the same features as when positions are resampled within it. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void positionsAreResampledAsTheNetworkWould(boolean registers) throws IOException {
        VitConfig config = registers ? MLP.withRegisters(1) : MLP;
        ParameterVector trained = network(config, Optional.empty(), Optional.empty());
        VitConfig larger = config.withImageSize(30);
        ParameterVector loaded = zeros(network(larger, Optional.empty(), Optional.empty()));
        try (PretrainedWeights weights = PretrainedWeights.open(write(trained, n -> n))) {
            LoadReport report = weights.load(loaded, larger);
            assertEquals(
                    "position embedding resampled from 4 x 4 to 6 x 6 patches (offset %s, %s)"
                            .formatted(registers ? "0.0" : "0.1", registers ? "antialiased" : "not antialiased"),
                    report.lines().get(1));
        }
        INDArray images = Nd4j.rand(DataType.FLOAT, 2, 3, 30, 30);
        try (FeatureExtractor a = new FeatureExtractor(config, trained.views("backbone."), Providers.PORTABLE.list());
                FeatureExtractor b =
                        new FeatureExtractor(larger, loaded.views("backbone."), Providers.PORTABLE.list())) {
            INDArray want = a.patches(images);
            INDArray got = b.patches(images);
            assertEquals(0, want.sub(got).normmaxNumber().doubleValue(), 1e-5);
            assertTrue(want.normmaxNumber().doubleValue() > 0.1);
        }
    }

    @Test
    void everyDifferenceIsListedAndNothingIsWritten() throws IOException {
        ParameterVector network = network(MLP, Optional.of(HEAD), Optional.empty());
        Map<String, INDArray> tensors = network.views("");
        tensors.remove("backbone.norm.bias");
        tensors.put("backbone.extra", Nd4j.zeros(DataType.FLOAT, 1));
        tensors.put("stray", Nd4j.zeros(DataType.FLOAT, 1));
        tensors.put("dino_head.mlp.0.bias", Nd4j.zeros(DataType.FLOAT, 11));
        Path file = write(tensors);
        try (PretrainedWeights weights = PretrainedWeights.open(file)) {
            ParameterVector into = zeros(network);
            String message = assertThrows(WeightsException.class, () -> weights.load(into, MLP))
                    .getMessage();
            assertEquals(
                    file
                            + " does not fit this model: 1 missing: backbone.norm.bias; 2 unexpected: backbone.extra, stray;"
                            + " 1 of another shape or type: dino_head.mlp.0.bias FLOAT[11], wanted [10]",
                    message);
            assertEquals(0, into.vector().norm2Number().doubleValue());
            VitConfig deeper = new VitConfig(20, 5, 12, 3, 3, 4, Ffn.MLP, 0, 1e-5, 0.1, false);
            String other = assertThrows(WeightsException.class, () -> weights.load(into, deeper))
                    .getMessage();
            assertTrue(other.contains("with 2 blocks") && other.contains("wanted is a ViT of width 12 with 3"), other);
        }
    }

    @Test
    void whatHoldsNoBackboneIsRefused() throws IOException {
        failsWith(
                write(Map.of("embeddings.cls_token", Nd4j.zeros(DataType.FLOAT, 1, 1, 4))),
                "holds no DINOv2 backbone: no tensor is named 'patch_embed.proj.weight' or 'embeddings.patch");
        ParameterVector network = network(MLP, Optional.empty(), Optional.empty());
        Map<String, INDArray> tensors = network.views("backbone.");
        tensors.put("pos_embed", Nd4j.zeros(DataType.FLOAT, 1, 13, 12));
        failsWith(write(tensors), "square", "13 positions");
        tensors.remove("pos_embed");
        failsWith(write(tensors), "no whole DINOv2 backbone: 'pos_embed' is missing");
        Path text = Files.writeString(dir.resolve("notes.txt"), "no weights at all");
        failsWith(text, "neither a .safetensors file nor a PyTorch checkpoint");
        failsWith(dir.resolve("none.pth"), "no such file");
    }

    private static void failsWith(Path file, String... parts) {
        String message = assertThrows(WeightsException.class, () -> PretrainedWeights.open(file))
                .getMessage();
        assertTrue(message.startsWith(file + ": "), message);
        for (String part : parts) {
            assertTrue(message.contains(part), message);
        }
    }
}
