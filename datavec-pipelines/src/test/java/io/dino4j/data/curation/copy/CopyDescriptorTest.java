package io.dino4j.data.curation.copy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Progress;
import io.dino4j.data.Seed;
import io.dino4j.data.image.Image;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Vectors and features of drawn pictures. */
final class CopyDescriptorTest {
    private static CopyDescriptor descriptor;

    @TempDir
    private Path dir;

    @BeforeAll
    static void learn() {
        descriptor = learn(5);
    }

    private static CopyDescriptor learn(long seed) {
        return CopyDescriptor.learn(Drawings.source(48, 200, 160, 1000), 64, new Seed(seed), Progress.SILENT);
    }

    private static double cosine(Image a, Image b) {
        return MatrixProduct.dot(descriptor.embed(a), descriptor.embed(b));
    }

    @ParameterizedTest
    @EnumSource(Alteration.class)
    void aCopyIsNearerThanOtherPicturesAndIsConfirmed(Alteration alteration) {
        CopyVerifier verifier = new CopyVerifier();
        for (int i = 0; i < 4; i++) {
            Image original = Drawings.of(300, 220, i);
            Image copy = alteration.apply(original, new SplittableRandom(i));
            Image other = Drawings.of(300, 220, i + 100);
            assertTrue(cosine(original, copy) > cosine(original, other), "picture " + i);
            LocalFeatures features = LocalFeatures.of(original);
            CopyVerifier.Verdict verdict = verifier.compare(features, LocalFeatures.of(copy));
            assertTrue(verdict.evidence() >= verifier.leastEvidence(), "picture %d: %s".formatted(i, verdict));
            assertEquals(alteration == Alteration.HFLIP, verdict.mirrored());
            assertTrue(verifier.isCopy(LocalFeatures.of(copy), features), "picture " + i);
            assertFalse(verifier.isCopy(features, LocalFeatures.of(other)), "picture " + i);
        }
    }

    /** The text alone would place one photo over the other. */
    @Test
    void theSameTextOnTwoPicturesMakesNoCopies() {
        CopyVerifier verifier = new CopyVerifier();
        for (int i = 0; i < 6; i++) {
            LocalFeatures one =
                    LocalFeatures.of(Alteration.TEXT.apply(Drawings.of(256, 256, i), new SplittableRandom(9)));
            LocalFeatures other =
                    LocalFeatures.of(Alteration.TEXT.apply(Drawings.of(256, 256, i + 50), new SplittableRandom(9)));
            assertFalse(verifier.isCopy(one, other), "pictures " + i + ": " + verifier.compare(one, other));
        }
    }

    @Test
    void theMirrorImageHasNearlyTheSameVector() {
        Image original = Drawings.of(200, 160, 3);
        assertTrue(cosine(original, Alteration.HFLIP.apply(original, new SplittableRandom(1))) > 0.7);
        LocalFeatures features = LocalFeatures.of(original);
        assertEquals(1, MatrixProduct.dot(descriptor.embed(features), descriptor.embed(features.mirrored())), 1e-4);
        LocalFeatures twice = features.mirrored().mirrored();
        assertArrayEquals(features.descriptors(), twice.descriptors());
        assertArrayEquals(features.x(), twice.x(), 1e-3f);
        assertArrayEquals(features.grey(), twice.grey());
    }

    @Test
    void vectorsDoNotDependOnThreadsOrTheBatch() throws Exception {
        List<Image> images =
                IntStream.range(0, 6).mapToObj(i -> Drawings.of(120 + i, 90, i)).toList();
        float[][] together = descriptor.embed(images);
        ForkJoinPool one = new ForkJoinPool(1);
        try {
            CopyDescriptor again = one.submit(() -> learn(5)).get();
            assertArrayEquals(together, one.submit(() -> again.embed(images)).get());
        } finally {
            one.shutdown();
        }
        for (int i = 0; i < images.size(); i++) {
            assertArrayEquals(together[i], descriptor.embed(List.of(images.get(i)))[0]);
            assertEquals(1, MatrixProduct.dot(together[i], together[i]), 1e-5);
        }
    }

    @Test
    void flatPicturesAreLikeNothingButThemselves() {
        CopyVerifier verifier = new CopyVerifier();
        Image grey = Drawings.flat(100, 80, 128);
        List<Image> others = List.of(
                Drawings.flat(100, 80, 129),
                Drawings.flat(80, 100, 128),
                Drawings.flat(1, 1, 128),
                Drawings.of(100, 80, 1));
        assertEquals(1, cosine(grey, Drawings.flat(100, 80, 128)), 1e-5);
        for (Image other : others) {
            assertTrue(Math.abs(cosine(grey, other)) < 0.5, other.toString());
            assertFalse(verifier.isCopy(LocalFeatures.of(grey), LocalFeatures.of(other)), other.toString());
        }
    }

    @Test
    void aSmoothPictureIsComparedAsAWhole() {
        CopyVerifier verifier = new CopyVerifier();
        LocalFeatures slope = LocalFeatures.of(slope(200, 200, 1));
        assertTrue(slope.count() < 12, slope.count() + " key points");
        assertTrue(verifier.isCopy(slope, LocalFeatures.of(slope(100, 100, 1))));
        assertTrue(verifier.isCopy(slope, LocalFeatures.of(slope(200, 200, -1))), "mirrored");
        assertFalse(verifier.isCopy(slope, LocalFeatures.of(slope(200, 200, 0.6))));
        assertFalse(verifier.isCopy(slope, LocalFeatures.of(slope(200, 100, 1))));
    }

    private static Image slope(int width, int height, double rise) {
        byte[] rgb = new byte[3 * width * height];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) (int) (127.5 + 120 * rise * (2.0 * (i / 3 % width) / (width - 1) - 1));
        }
        return new Image(width, height, rgb);
    }

    @Test
    void anySizeIsEmbedded() {
        int[][] sizes = {{1, 1}, {1, 400}, {400, 1}, {2, 3}, {8, 8}, {32, 32}, {3000, 40}, {2000, 1500}};
        for (int[] size : sizes) {
            Image image = Drawings.of(size[0], size[1], 4);
            float[] vector = descriptor.embed(image);
            assertEquals(descriptor.dimension(), vector.length);
            assertEquals(1, MatrixProduct.dot(vector, vector), 1e-5, image.toString());
            LocalFeatures features = LocalFeatures.of(image);
            assertTrue(features.count() <= LocalFeatures.MOST, image.toString());
            new CopyVerifier().compare(features, features.mirrored());
        }
        assertEquals(8, LocalFeatures.REDUCTION.divisor(4000, 3000));
        assertEquals(1, LocalFeatures.REDUCTION.divisor(256, 256));
    }

    @Test
    void aSavedDescriptorGivesTheSameVectors() throws IOException {
        Path file = dir.resolve("descriptor.bin");
        descriptor.save(file);
        Image image = Drawings.of(150, 150, 2);
        assertArrayEquals(descriptor.embed(image), CopyDescriptor.load(file).embed(image));
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        refused(bytes, "is damaged");
        refused(Arrays.copyOf(bytes, bytes.length - 4), "expected a descriptor of copies");
        refused(new byte[3], "a file of 3 bytes");
        refused(new byte[64], "that begins otherwise");
    }

    private void refused(byte[] bytes, String why) throws IOException {
        Path file = Files.write(dir.resolve("bad.bin"), bytes);
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> CopyDescriptor.load(file));
        assertTrue(e.getMessage().startsWith(file.toString()) && e.getMessage().contains(why), e.getMessage());
    }
}
