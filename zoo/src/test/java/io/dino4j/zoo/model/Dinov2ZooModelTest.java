package io.dino4j.zoo.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.param.Initialization;
import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.zoo.FeatureExtractor;
import io.dino4j.zoo.TinyModel;
import io.dino4j.zoo.weights.NamingScheme;
import io.dino4j.zoo.weights.SafetensorsWriter;
import io.dino4j.zoo.weights.WeightType;
import io.dino4j.zoo.weights.WeightsException;
import io.dino4j.zoo.weights.WeightsExport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.deeplearning4j.zoo.PretrainedType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The models of the zoo; the smallest of them with a file of weights. */
@SuppressWarnings("deprecation") // metaData is, but DL4J asks for it
final class Dinov2ZooModelTest {
    private static final VitConfig SMALL = VitConfig.small14().withImageSize(56);

    @TempDir
    static Path folder;

    private static Path file;
    private static ParameterVector weights;

    @BeforeAll
    static void writeWeights() throws IOException {
        weights = ParameterVector.zeros(ParameterLayout.of(SMALL.parameters()), DataType.FLOAT);
        Initialization.fill(weights, 0.3, 5);
        file = folder.resolve("vits14.safetensors");
        SafetensorsWriter.write(file, weights, Map.of());
    }

    private static List<Dinov2ZooModel> all() {
        return List.of(
                new Dinov2VitS14(),
                new Dinov2VitB14(),
                new Dinov2VitL14(),
                new Dinov2VitG14(),
                new Dinov2VitS14Reg4(),
                new Dinov2VitB14Reg4(),
                new Dinov2VitL14Reg4(),
                new Dinov2VitG14Reg4());
    }

    @Test
    void everyModelSaysWhatItIs() {
        for (Dinov2ZooModel model : all()) {
            assertEquals(ComputationGraph.class, model.modelType());
            assertArrayEquals(new int[] {3, 224, 224}, model.metaData().getInputShape()[0]);
            assertTrue(model.pretrainedAvailable(PretrainedType.IMAGENET));
            assertNull(model.pretrainedUrl(PretrainedType.CIFAR10));
        }
        assertEquals(
                "https://dl.fbaipublicfiles.com/dinov2/dinov2_vits14/dinov2_vits14_pretrain.pth",
                new Dinov2VitS14().pretrainedUrl(PretrainedType.IMAGENET));
        assertEquals(
                "https://dl.fbaipublicfiles.com/dinov2/dinov2_vitg14/dinov2_vitg14_reg4_pretrain.pth",
                new Dinov2VitG14Reg4().pretrainedUrl(PretrainedType.IMAGENET));
        assertEquals(8, all().stream().map(Dinov2ZooModel::modelName).distinct().count());
    }

    @Test
    void pretrainedWeightsGiveTheirFeatures() throws IOException {
        INDArray images = TinyNetwork.images(DataType.FLOAT, 2, 56, 56);
        ComputationGraph network =
                Dinov2VitS14.builder().imageSize(56).weights(file).build().initPretrained();
        assertEquals(
                List.of(Dinov2ZooModel.BACKBONE), network.getConfiguration().getNetworkOutputs());
        try (FeatureExtractor extractor = new FeatureExtractor(SMALL, weights.views(""), Providers.forThisMachine())) {
            INDArray expected = extractor.cls(images);
            assertTrue(expected.equalsWithEps(network.outputSingle(images), 1e-4));
        }
        Dinov2ZooModel.weights(network).forEach((name, w) -> assertEquals(weights.view(name), w, name));
    }

    @Test
    void aClassifierComesOnFrozenFeatures() {
        ComputationGraph network = Dinov2VitS14.builder().numClasses(4).build().initPretrained(file);
        assertTrue(network.getLayer(Dinov2ZooModel.BACKBONE) instanceof FrozenLayer);
        INDArray output = network.outputSingle(TinyNetwork.images(DataType.FLOAT, 1, 224, 224));
        assertArrayEquals(new long[] {1, 4}, output.shape());
        assertEquals(SMALL.gridSize(), Dinov2ZooModel.vit(network).gridSize());
    }

    @Test
    void aBackboneOfAnySizeComesFromItsFile() throws IOException {
        Path tiny = folder.resolve("tiny.safetensors");
        new WeightsExport(NamingScheme.OFFICIAL, WeightType.FLOAT32)
                .write(tiny, TinyModel.VIT, TinyModel.weights().views(""));
        ComputationGraph network = Dinov2OfFile.builder(tiny)
                .numClasses(3)
                .tuning(new Tuning.LowRank(2, 4))
                .build()
                .initPretrained();
        INDArray images = TinyNetwork.images(DataType.FLOAT, 2, 12, 12);
        assertArrayEquals(new long[] {2, 3}, network.outputSingle(images).shape());
        try (FeatureExtractor extractor =
                new FeatureExtractor(TinyModel.VIT, TinyModel.weights().views(""), Providers.forThisMachine())) {
            INDArray found = network.feedForward(images, false).get(Dinov2ZooModel.BACKBONE);
            assertTrue(extractor.cls(images).equalsWithEps(found, 1e-5));
        }
        Dinov2OfFile model = Dinov2OfFile.builder(tiny).build();
        assertArrayEquals(new int[] {3, 12, 12}, model.metaData().getInputShape()[0]);
        assertNull(model.pretrainedUrl(PretrainedType.IMAGENET));
    }

    @Test
    void aFileOfAnotherModelIsRefused() {
        for (Dinov2ZooModel other : List.of(new Dinov2VitB14(), new Dinov2VitS14Reg4())) {
            Exception e = assertThrows(WeightsException.class, () -> other.initPretrained(file));
            assertTrue(e.getMessage().contains("holds a ViT-S/14, but"), e.getMessage());
            assertTrue(e.getMessage().contains(other.getClass().getSimpleName()), e.getMessage());
        }
    }

    @Test
    void otherDataSetsAreNotReleased() {
        Exception e = assertThrows(
                UnsupportedOperationException.class, () -> new Dinov2VitS14().initPretrained(PretrainedType.MNIST));
        assertTrue(e.getMessage().contains("IMAGENET"), e.getMessage());
    }

    /** A mirror is a folder of folders; here one on the disk. */
    @Test
    void weightsComeFromAMirror() throws IOException {
        Path model = Files.createDirectories(folder.resolve("mirror/dinov2_vits14"));
        Files.copy(file, model.resolve("dinov2_vits14_pretrain.pth"));
        ComputationGraph network = Dinov2VitS14.builder()
                .mirror(folder.resolve("mirror").toUri())
                .build()
                .initPretrained(PretrainedType.IMAGENET);
        Map<String, INDArray> found = Dinov2ZooModel.weights(network);
        assertEquals(weights.view("norm.weight"), found.get("norm.weight"));
        try (Stream<Path> files = Files.list(model)) {
            assertEquals(1, files.count());
        }
    }

    @Test
    void imagesThatDoNotSplitIntoPatchesAreRefused() {
        Dinov2ZooModel model = new Dinov2VitS14();
        model.setInputShape(new int[][] {{3, 100, 224}});
        Exception e = assertThrows(RuntimeException.class, model::init);
        assertTrue(e.toString().contains("multiples of 14")
                || e.getCause().toString().contains("multiples of 14"));
    }
}
