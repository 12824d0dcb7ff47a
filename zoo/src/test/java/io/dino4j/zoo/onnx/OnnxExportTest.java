package io.dino4j.zoo.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtException;
import io.dino4j.data.Progress;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.Normalization;
import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.zoo.FeatureExtractor;
import io.dino4j.zoo.onnx.OnnxOptions.Input;
import io.dino4j.zoo.onnx.OnnxOptions.Storage;
import io.dino4j.zoo.onnx.OnnxOptions.WeightType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.TensorProto;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Exported models in ONNX Runtime against our own features. */
final class OnnxExportTest {
    /** Rounding of weights to 16 bits, {@code 2^-11} each, through a few layers. */
    private static final double HALF = 5e-3;

    private static final VitConfig MLP = new VitConfig(35, 7, 48, 3, 3, 4, Ffn.MLP, 0, 1, 0.1, false);
    private static final VitConfig SWIGLU = new VitConfig(35, 7, 40, 2, 5, 4, Ffn.SWIGLU, 0, 1, 0.1, false);
    private static final VitConfig REGISTERS = MLP.withRegisters(4);
    private static final VitConfig PLAIN_WITHOUT_OFFSET = new VitConfig(35, 7, 48, 3, 3, 4, Ffn.MLP, 2, 1, 0, false);
    private static final VitConfig ANTIALIASED_WITH_OFFSET =
            new VitConfig(35, 7, 48, 3, 3, 4, Ffn.SWIGLU, 0, 1, 0.1, true);

    /** Trained size; smaller; larger; one side as trained; as many patches as trained, but not square; one row. */
    private static final List<int[]> SIZES = List.of(
            new int[] {35, 35},
            new int[] {21, 21},
            new int[] {77, 77},
            new int[] {35, 56},
            new int[] {14, 35},
            new int[] {7, 175},
            new int[] {7, 7});

    @TempDir
    private Path dir;

    static Stream<VitConfig> backbones() {
        return Stream.of(MLP, SWIGLU, REGISTERS, PLAIN_WITHOUT_OFFSET, ANTIALIASED_WITH_OFFSET);
    }

    private OnnxModel export(VitConfig config, OnnxOptions options) throws IOException {
        return OnnxExport.write(dir.resolve("model.onnx"), config, Samples.weights(config), options, Progress.SILENT);
    }

    private static FeatureExtractor own(VitConfig config) {
        return new FeatureExtractor(config, Samples.weights(config), Providers.forThisMachine());
    }

    /** Our own output. */
    private record Features(INDArray cls, INDArray patches) {
        static Features of(FeatureExtractor own, INDArray images) {
            return new Features(own.cls(images), own.patches(images));
        }
    }

    private static void assertSame(Features expected, Map<String, INDArray> actual, double limit, String what) {
        Samples.assertClose(expected.cls(), actual.get("cls"), limit, what + " cls");
        Samples.assertClose(expected.patches(), actual.get("patches"), limit, what + " patches");
    }

    @ParameterizedTest
    @MethodSource("backbones")
    void oneSessionTakesEverySizeAndBatch(VitConfig config) throws Exception {
        export(config, OnnxOptions.dynamic());
        try (OnnxSession session = new OnnxSession(dir.resolve("model.onnx"));
                FeatureExtractor own = own(config)) {
            for (int[] size : SIZES) {
                for (int batch : new int[] {1, 3}) {
                    INDArray x = Samples.images(batch, size[0], size[1]);
                    String what = "%d of %d x %d".formatted(batch, size[0], size[1]);
                    assertSame(Features.of(own, x), session.run(x), Samples.FORWARD, what);
                }
            }
        }
    }

    static Stream<Arguments> backbonesAndSizes() {
        return backbones().flatMap(c -> SIZES.stream().map(s -> Arguments.of(c, s[0], s[1])));
    }

    @ParameterizedTest
    @MethodSource("backbonesAndSizes")
    void aFixedSizeTakesEveryBatch(VitConfig config, int height, int width) throws Exception {
        export(config, OnnxOptions.fixed(height, width));
        try (OnnxSession session = new OnnxSession(dir.resolve("model.onnx"));
                FeatureExtractor own = own(config)) {
            for (int batch : new int[] {1, 3}) {
                INDArray x = Samples.images(batch, height, width);
                assertSame(Features.of(own, x), session.run(x), Samples.FORWARD, "batch " + batch);
            }
            assertThrows(OrtException.class, () -> session.run(Samples.images(1, height, width + 7)));
        }
    }

    @Test
    void registersAreAnOutput() throws Exception {
        export(REGISTERS, OnnxOptions.dynamic());
        export(MLP.withRegisters(0), OnnxOptions.dynamic());
        try (OnnxSession without = new OnnxSession(dir.resolve("model.onnx"))) {
            assertEquals(Set.of("cls", "patches"), without.session().getOutputNames());
        }
        OnnxModel model = export(REGISTERS, OnnxOptions.dynamic());
        assertEquals(List.of("batch", "4", "48"), model.outputs().get(2).shape());
        try (OnnxSession with = new OnnxSession(model.file())) {
            Map<String, INDArray> result = with.run(Samples.images(2, 35, 35));
            assertArrayEquals(new long[] {2, 4, 48}, result.get("registers").shape());
            assertTrue(result.get("registers").stdNumber().doubleValue() > 0.1, "they are features");
        }
    }

    @ParameterizedTest
    @MethodSource("backbones")
    void weightsMayLieBeside(VitConfig config) throws Exception {
        OnnxModel model = export(config, OnnxOptions.dynamic().withStorage(Storage.EXTERNAL));
        Path data = model.data().orElseThrow();
        assertEquals("model.onnx.data", data.getFileName().toString());
        assertEquals(Files.size(model.file()) + Files.size(data), model.bytes());
        assertEquals(2, files().size(), "no draft is left: " + files());
        for (TensorProto t : read(model.file()).getGraph().getInitializerList()) {
            assertTrue(t.getRawData().size() < 1024, t.getName());
        }
        INDArray x = Samples.images(2, 28, 42);
        try (OnnxSession session = new OnnxSession(model.file());
                FeatureExtractor own = own(config)) {
            assertSame(Features.of(own, x), session.run(x), Samples.FORWARD, "weights beside");
        }
    }

    @ParameterizedTest
    @MethodSource("backbones")
    void weightsMayHave16Bits(VitConfig config) throws Exception {
        long whole = export(config, OnnxOptions.dynamic()).bytes();
        OnnxModel model = export(config, OnnxOptions.dynamic().withWeights(WeightType.FLOAT16));
        assertTrue(model.bytes() < 0.7 * whole, model.bytes() + " of " + whole);
        INDArray x = Samples.images(2, 28, 42);
        try (OnnxSession session = new OnnxSession(model.file());
                FeatureExtractor own = own(config)) {
            assertSame(Features.of(own, x), session.run(x), HALF, "16 bits");
        }
    }

    @Test
    void a16BitWeightOutOfRangeIsNamed() throws IOException {
        Map<String, INDArray> weights = new HashMap<>(Samples.weights(MLP));
        weights.put(
                "blocks.1.mlp.fc1.weight",
                weights.get("blocks.1.mlp.fc1.weight").mul(1e7));
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class,
                () -> OnnxExport.write(
                        dir.resolve("model.onnx"),
                        MLP,
                        weights,
                        OnnxOptions.dynamic().withWeights(WeightType.FLOAT16),
                        Progress.SILENT));
        assertTrue(e.getMessage().contains("'blocks.1.mlp.fc1.weight'"), e.getMessage());
        assertEquals(Set.of(), files(), "nothing is left behind");
    }

    @Test
    void theModelMayNormalise() throws Exception {
        export(MLP, OnnxOptions.dynamic().withInput(Input.RGB8));
        byte[] rgb = new byte[2 * 28 * 42 * 3];
        new SplittableRandom(5).nextBytes(rgb);
        float[] normalised = new float[rgb.length];
        float[] one = new float[rgb.length / 2];
        for (int i = 0; i < 2; i++) {
            byte[] image = Arrays.copyOfRange(rgb, i * one.length, (i + 1) * one.length);
            Normalization.imagenet().write(new Image(42, 28, image), one);
            System.arraycopy(one, 0, normalised, i * one.length, one.length);
        }
        INDArray x = Nd4j.createFromArray(normalised).reshape(2, 3, 28, 42);
        try (OnnxSession session = new OnnxSession(dir.resolve("model.onnx"));
                FeatureExtractor own = own(MLP)) {
            assertSame(Features.of(own, x), session.run(rgb, 2, 28, 42, 3), Samples.FORWARD, "8-bit images");
        }
    }

    @ParameterizedTest
    @MethodSource("backbones")
    void theGraphIsSound(VitConfig config) throws IOException {
        OnnxModel written = export(config, OnnxOptions.dynamic());
        ModelProto model = read(written.file());
        assertEquals(1, model.getOpsetImportCount());
        assertEquals(17, model.getOpsetImport(0).getVersion());
        assertEquals("", model.getOpsetImport(0).getDomain());
        assertEquals("dino4j", model.getProducerName());
        Set<String> known = new HashSet<>();
        var graph = model.getGraph();
        graph.getInputList().forEach(i -> assertTrue(known.add(i.getName()), i.getName()));
        graph.getInitializerList().forEach(i -> assertTrue(known.add(i.getName()), i.getName()));
        Set<String> nodes = new HashSet<>();
        Set<String> used = new HashSet<>();
        for (NodeProto n : graph.getNodeList()) {
            assertTrue(nodes.add(n.getName()), n.getName());
            assertTrue(known.containsAll(n.getInputList()), "sorted: " + n);
            used.addAll(n.getInputList());
            n.getOutputList().forEach(o -> assertTrue(known.add(o), o));
        }
        graph.getOutputList().forEach(o -> used.add(o.getName()));
        assertEquals(known, used, "nothing is left unused");
        var dims = graph.getInput(0).getType().getTensorType().getShape().getDimList();
        assertEquals(
                List.of("batch", "", "height", "width"),
                dims.stream().map(d -> d.getDimParam()).toList());
        assertTrue(model.getMetadataPropsList().stream()
                .anyMatch(p -> p.getKey().equals("patch_size") && p.getValue().equals("7")));
        assertTrue(known.contains("blocks.1.attn.qkv"), "names are the official ones");
    }

    @Test
    void whatIsWrongIsSaid() throws IOException {
        Path file = dir.resolve("model.onnx");
        Files.writeString(file, "before");
        Map<String, INDArray> weights = new HashMap<>(Samples.weights(MLP));
        weights.remove("mask_token");
        assertRefused("28x49", MLP, weights, OnnxOptions.fixed(30, 49));
        assertRefused("more than 256 MiB", MLP, weights, OnnxOptions.fixed(16380, 16380));
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> OnnxOptions.fixed(20000, 14));
        assertTrue(e.getMessage().contains("sides are 1 to 16384"), e.getMessage());
        weights.put("norm.weight", Nd4j.ones(DataType.FLOAT, 5));
        assertRefused("'norm.weight' is FLOAT [5], expected real numbers [48]", MLP, weights, OnnxOptions.dynamic());
        weights.remove("norm.weight");
        assertRefused("lack 'norm.weight'", MLP, weights, OnnxOptions.dynamic());
        assertEquals("before", Files.readString(file), "the target is what it was");
        assertEquals(1, files().size());
        assertThrows(
                NoSuchFileException.class,
                () -> OnnxExport.write(
                        dir.resolve("none/model.onnx"),
                        MLP,
                        Samples.weights(MLP),
                        OnnxOptions.dynamic(),
                        Progress.SILENT));
    }

    private void assertRefused(String why, VitConfig config, Map<String, INDArray> weights, OnnxOptions options) {
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class,
                () -> OnnxExport.write(dir.resolve("model.onnx"), config, weights, options, Progress.SILENT));
        assertTrue(e.getMessage().contains(why), e.getMessage());
    }

    private Set<String> files() throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            Set<String> names = new HashSet<>();
            files.forEach(f -> names.add(f.getFileName().toString()));
            return names;
        }
    }

    private static ModelProto read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return ModelProto.parseFrom(in);
        }
    }
}
