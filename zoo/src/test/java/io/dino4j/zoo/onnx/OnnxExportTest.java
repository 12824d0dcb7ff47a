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
import io.dino4j.graph.kernel.PositionResampling;
import io.dino4j.graph.op.PositionEmbedding.Resize;
import io.dino4j.graph.param.Initialization;
import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
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
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Exported models in ONNX Runtime against our own features. */
final class OnnxExportTest {
    private static final double FORWARD = 1e-5;

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

    static Map<String, INDArray> weights(VitConfig config) {
        ParameterVector network = ParameterVector.zeros(ParameterLayout.of(config.parameters()), DataType.FLOAT);
        // positions weigh as much as pixels, so that a wrong one shows; nothing is zero or one
        Initialization.fill(network, new Initialization.Spread(1, 0.2, 0.5, 0.2), 3);
        SplittableRandom random = new SplittableRandom(4);
        network.views("").forEach((name, w) -> {
            if (!name.equals("pos_embed") && (name.contains("norm") || !name.endsWith(".weight"))) {
                w.addi(normal(random, 0.3, w.shape()));
            }
        });
        return network.views("");
    }

    private static INDArray normal(SplittableRandom random, double deviation, long... shape) {
        float[] values = new float[(int) Nd4j.createUninitialized(shape).length()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (deviation * random.nextGaussian());
        }
        return Nd4j.createFromArray(values).reshape(shape);
    }

    private static INDArray images(int count, int height, int width) {
        return normal(new SplittableRandom(count + 31L * height + width), 1, count, 3, height, width);
    }

    private OnnxModel export(VitConfig config, OnnxOptions options) throws IOException {
        return OnnxExport.write(dir.resolve("model.onnx"), config, weights(config), options, Progress.SILENT);
    }

    private static FeatureExtractor own(VitConfig config) {
        return new FeatureExtractor(config, weights(config), Providers.forThisMachine());
    }

    /** Our own output. */
    private record Features(INDArray cls, INDArray patches) {
        static Features of(FeatureExtractor own, INDArray images) {
            return new Features(own.cls(images), own.patches(images));
        }
    }

    private static void assertSame(Features expected, Map<String, INDArray> actual, double limit, String what) {
        assertClose(expected.cls(), actual.get("cls"), limit, what + " cls");
        assertClose(expected.patches(), actual.get("patches"), limit, what + " patches");
    }

    private static void assertClose(INDArray expected, INDArray actual, double limit, String what) {
        assertArrayEquals(expected.shape(), actual.shape(), what);
        INDArray e = expected.castTo(DataType.DOUBLE);
        double error = actual.castTo(DataType.DOUBLE).sub(e).norm2Number().doubleValue()
                / e.norm2Number().doubleValue();
        assertTrue(error <= limit, () -> "%s: relative error %.3g, allowed %.3g".formatted(what, error, limit));
    }

    @ParameterizedTest
    @MethodSource("backbones")
    void oneSessionTakesEverySizeAndBatch(VitConfig config) throws Exception {
        export(config, OnnxOptions.dynamic());
        try (OnnxSession session = new OnnxSession(dir.resolve("model.onnx"));
                FeatureExtractor own = own(config)) {
            for (int[] size : SIZES) {
                for (int batch : new int[] {1, 3}) {
                    INDArray x = images(batch, size[0], size[1]);
                    String what = "%d of %d x %d".formatted(batch, size[0], size[1]);
                    assertSame(Features.of(own, x), session.run(x), FORWARD, what);
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
                INDArray x = images(batch, height, width);
                assertSame(Features.of(own, x), session.run(x), FORWARD, "batch " + batch);
            }
            assertThrows(OrtException.class, () -> session.run(images(1, height, width + 7)));
        }
    }

    /** The resampling matrices are worked out in float32: every size up to 2000 pixels of the released models. */
    @ParameterizedTest
    @MethodSource("resamplings")
    void positionsAreThoseOfTheDefinition(VitConfig config) throws Exception {
        VitConfig flat = new VitConfig(
                518, 14, 1, 1, 1, 4, Ffn.MLP, 0, 1, config.interpolateOffset(), config.interpolateAntialias());
        float[] trained = normal(new SplittableRandom(7), 1, 1 + 37 * 37).data().asFloat();
        GraphBuilder graph = new GraphBuilder();
        graph.input(new OnnxModel.Port("images", "float32", List.of("h", "w"), ""));
        String shape = graph.node("Shape", "shape", "images");
        String h = graph.node("Gather", "rows", List.of(shape, graph.integer(0)), GraphBuilder.attribute("axis", 0L));
        String w =
                graph.node("Gather", "columns", List.of(shape, graph.integer(1)), GraphBuilder.attribute("axis", 0L));
        String result = new Positions(graph, flat, () -> trained).dynamic(h, w);
        graph.output(new OnnxModel.Port(result, "float32", List.of("1", "n", "1"), ""));
        graph.graph().setName("positions");
        ModelProto.Builder frame = ModelProto.newBuilder().setIrVersion(8);
        frame.addOpsetImportBuilder().setVersion(OnnxModel.OPSET);
        Path file = dir.resolve("positions.onnx");
        new ModelWriter(graph, frame.build(), Progress.SILENT).writeInside(file);

        INDArray grid = Nd4j.createFromArray(trained).castTo(DataType.DOUBLE);
        grid = grid.get(NDArrayIndex.interval(1, grid.length())).dup().reshape(37, 37);
        try (OnnxSession session = new OnnxSession(file)) {
            for (int n = 1; n <= 2000 / 14; n++) {
                int other = 1 + 37 * n % 61;
                Resize resize = new Resize(37, n, other, flat.interpolateAntialias(), flat.interpolateOffset());
                INDArray down = Nd4j.createFromArray(PositionResampling.down(resize));
                INDArray across = Nd4j.createFromArray(PositionResampling.across(resize));
                INDArray expected = down.mmul(grid).mmul(across.transpose()).dup('c');
                INDArray actual =
                        session.run(Nd4j.zeros(DataType.FLOAT, n, other)).get(result);
                assertClose(expected.reshape(1, (long) n * other, 1), actual, FORWARD, resize.toString());
            }
            INDArray same = session.run(Nd4j.zeros(DataType.FLOAT, 37, 37)).get(result);
            assertArrayEquals(
                    Arrays.copyOfRange(trained, 1, trained.length), same.data().asFloat(), 0f);
        }
    }

    static Stream<VitConfig> resamplings() {
        return Stream.of(MLP, REGISTERS);
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
            Map<String, INDArray> result = with.run(images(2, 35, 35));
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
        INDArray x = images(2, 28, 42);
        try (OnnxSession session = new OnnxSession(model.file());
                FeatureExtractor own = own(config)) {
            assertSame(Features.of(own, x), session.run(x), FORWARD, "weights beside");
        }
    }

    @ParameterizedTest
    @MethodSource("backbones")
    void weightsMayHave16Bits(VitConfig config) throws Exception {
        long whole = export(config, OnnxOptions.dynamic()).bytes();
        OnnxModel model = export(config, OnnxOptions.dynamic().withWeights(WeightType.FLOAT16));
        assertTrue(model.bytes() < 0.7 * whole, model.bytes() + " of " + whole);
        INDArray x = images(2, 28, 42);
        try (OnnxSession session = new OnnxSession(model.file());
                FeatureExtractor own = own(config)) {
            assertSame(Features.of(own, x), session.run(x), HALF, "16 bits");
        }
    }

    @Test
    void a16BitWeightOutOfRangeIsNamed() throws IOException {
        Map<String, INDArray> weights = new HashMap<>(weights(MLP));
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
            assertSame(Features.of(own, x), session.run(rgb, 2, 28, 42, 3), FORWARD, "8-bit images");
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
        Map<String, INDArray> weights = new HashMap<>(weights(MLP));
        weights.remove("mask_token");
        assertRefused("28x49", MLP, weights, OnnxOptions.fixed(30, 49));
        assertRefused("sides are 1 to 16384", MLP, weights, null);
        weights.put("norm.weight", Nd4j.ones(DataType.FLOAT, 5));
        assertRefused("'norm.weight' is FLOAT [5], expected real numbers [48]", MLP, weights, OnnxOptions.dynamic());
        weights.remove("norm.weight");
        assertRefused("lack 'norm.weight'", MLP, weights, OnnxOptions.dynamic());
        assertEquals("before", Files.readString(file), "the target is what it was");
        assertEquals(1, files().size());
        assertThrows(
                NoSuchFileException.class,
                () -> OnnxExport.write(
                        dir.resolve("none/model.onnx"), MLP, weights(MLP), OnnxOptions.dynamic(), Progress.SILENT));
    }

    private void assertRefused(String why, VitConfig config, Map<String, INDArray> weights, OnnxOptions options) {
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class,
                () -> OnnxExport.write(
                        dir.resolve("model.onnx"),
                        config,
                        weights,
                        options == null ? OnnxOptions.fixed(20000, 14) : options,
                        Progress.SILENT));
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
