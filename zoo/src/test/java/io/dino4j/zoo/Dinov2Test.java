package io.dino4j.zoo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.image.Image;
import io.dino4j.data.image.KeepAspect;
import io.dino4j.data.image.Normalization;
import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.zoo.FeatureKind.Pooling;
import io.dino4j.zoo.weights.NamingScheme;
import io.dino4j.zoo.weights.WeightType;
import io.dino4j.zoo.weights.WeightsExport;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The front door. */
final class Dinov2Test {
    @TempDir
    private Path folder;

    @Test
    void aPictureIsAPictureHoweverItComes() throws IOException {
        Path file = TinyModel.write(folder.resolve("a.png"), 40, 30, 1);
        BufferedImage buffered = ImageIO.read(file.toFile());
        Image image = Image.of(buffered);
        try (Dinov2 model = TinyModel.create()) {
            float[] cls = model.embed(file);
            assertEquals(model.dimension(), cls.length);
            assertArrayEquals(cls, model.embed(buffered));
            assertArrayEquals(cls, model.embed(image));
            assertArrayEquals(cls, model.embed(model.input(image)));
            assertArrayEquals(cls, model.embed(model.input(image).reshape(3, 12, 12)));
            PatchFeatures grid = model.patchFeatures(file);
            try (InputStream in = Files.newInputStream(file);
                    InputStream again = Files.newInputStream(file)) {
                assertArrayEquals(cls, model.embed(in));
                assertArrayEquals(grid.patches(), model.patchFeatures(again).patches());
            }
            assertArrayEquals(grid.patches(), model.patchFeatures(buffered).patches());
            assertEquals(3, grid.gridHeight());
            assertEquals(3, grid.gridWidth());
            // the last block works on the cls token alone for one, on all tokens for the other
            for (int i = 0; i < cls.length; i++) {
                assertEquals(grid.cls()[i], cls[i], 1e-5);
            }
            assertFalse(Arrays.equals(cls, model.embed(TinyModel.picture(40, 30, 2))));
        }
    }

    @Test
    void aFileOfWeightsTellsWhatItHolds() throws IOException {
        Path picture = TinyModel.write(folder.resolve("a.png"), 20, 20, 1);
        try (Dinov2 model = TinyModel.create()) {
            for (NamingScheme scheme : NamingScheme.values()) {
                Path file = folder.resolve(scheme.option() + "/model.safetensors");
                Files.createDirectories(file.getParent());
                new WeightsExport(scheme, WeightType.FLOAT32).write(file, model.config(), model.weights());
                try (Dinov2 loaded = Dinov2.load(file);
                        Dinov2 ofFolder = Dinov2.load(scheme == NamingScheme.HUGGING_FACE ? file.getParent() : file)) {
                    assertEquals(
                            model.config().withImageSize(12), loaded.config().withImageSize(12));
                    float[] expected = model.embed(picture);
                    float[] found = loaded.embed(picture);
                    for (int i = 0; i < expected.length; i++) {
                        assertEquals(expected[i], found[i], 1e-5, scheme.toString());
                    }
                    assertArrayEquals(found, ofFolder.embed(picture));
                }
            }
        }
    }

    @Test
    void wholeImagesKeepTheirShape() {
        try (Dinov2 model = TinyModel.create();
                Dinov2 whole = model.with(new KeepAspect(12, 48, 4, Normalization.imagenet()))) {
            PatchFeatures grid = whole.patchFeatures(TinyModel.picture(64, 32, 3));
            assertEquals(3, grid.gridHeight());
            assertEquals(6, grid.gridWidth());
        }
    }

    @Test
    void packedPassesAreSeparatePasses() {
        INDArray a = Nd4j.rand(DataType.FLOAT, 2, 3, 12, 12);
        INDArray b = Nd4j.rand(DataType.FLOAT, 1, 3, 8, 20);
        try (Dinov2 model = TinyModel.create()) {
            for (Pooling pooling : Pooling.values()) {
                FeatureKind kind = new FeatureKind(pooling, 2);
                List<float[]> packed = model.features(List.of(a, b), kind);
                float[][] alone = {
                    model.features(List.of(a), kind).get(0),
                    model.features(List.of(a), kind).get(1),
                    model.features(List.of(b), kind).get(0)
                };
                for (int i = 0; i < 3; i++) {
                    INDArray expected = Nd4j.createFromArray(alone[i]);
                    double error = expected.sub(Nd4j.createFromArray(packed.get(i)))
                                    .norm2Number()
                                    .doubleValue()
                            / expected.norm2Number().doubleValue();
                    assertTrue(error < 1e-6, pooling + " of image " + i + ": " + error);
                }
                int rows = pooling.isGrid() ? 10 + (pooling == Pooling.TOKENS ? 1 : 0) : 1;
                assertEquals(kind.dimension(16) * rows, packed.get(2).length);
            }
        }
    }

    /** More shapes than compiled graphs are kept, and each often enough to be packed. */
    @Test
    void manySizesComeAndGo() {
        try (Dinov2 model = TinyModel.create()) {
            float[][] first = new float[90][];
            for (int round = 0; round < 2; round++) {
                for (int i = 0; i < first.length; i++) {
                    INDArray x = Nd4j.ones(DataType.FLOAT, 1 + i % 3, 3, 4 + 4 * (i / 18), 4 + 4 * (i % 18));
                    float[] found =
                            model.features(List.of(x), FeatureKind.cls()).get(0);
                    first[i] = round == 0 ? found : first[i];
                    assertArrayEquals(first[i], found);
                }
            }
            INDArray x = Nd4j.rand(DataType.FLOAT, 1, 3, 12, 12);
            float[] expected = model.embed(x);
            IntStream.range(0, 8).forEach(i -> assertArrayEquals(expected, model.embed(x), 1e-6f));
        }
    }

    @Test
    void threadsWaitForEachOther() {
        try (Dinov2 model = TinyModel.create()) {
            List<Image> images = IntStream.range(0, 16)
                    .mapToObj(i -> TinyModel.picture(20, 16, i))
                    .toList();
            List<float[]> expected = images.stream().map(model::embed).toList();
            List<float[]> found = images.parallelStream().map(model::embed).toList();
            for (int i = 0; i < images.size(); i++) {
                assertArrayEquals(expected.get(i), found.get(i));
            }
        }
    }

    @Test
    void wrongInputIsNamed() {
        try (Dinov2 model = TinyModel.create()) {
            Exception size = assertThrows(
                    IllegalArgumentException.class, () -> model.embed(Nd4j.zeros(DataType.FLOAT, 1, 3, 13, 12)));
            assertTrue(size.getMessage().contains("13 x 12"), size.getMessage());
            assertThrows(IllegalArgumentException.class, () -> model.embed(Nd4j.zeros(DataType.FLOAT, 2, 3, 12, 12)));
            assertThrows(IllegalArgumentException.class, () -> model.embed(Nd4j.zeros(DataType.FLOAT, 1, 12, 12)));
            INDArray one = Nd4j.zeros(DataType.FLOAT, 1, 3, 12, 12);
            Exception layers = assertThrows(
                    IllegalArgumentException.class,
                    () -> model.features(List.of(one), new FeatureKind(Pooling.CLS, 3)));
            assertTrue(layers.getMessage().contains("the backbone has 2"), layers.getMessage());
            assertThrows(UnreadableImageException.class, () -> model.embed(folder.resolve("none.jpg")));
            assertThrows(UnreadableImageException.class, () -> model.embed(InputStream.nullInputStream()));
        }
    }
}
