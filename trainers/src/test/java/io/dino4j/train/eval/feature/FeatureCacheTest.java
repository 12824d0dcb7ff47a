package io.dino4j.train.eval.feature;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Progress;
import io.dino4j.data.image.EvalTransform;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageEncoder;
import io.dino4j.data.image.Normalization;
import io.dino4j.data.source.ImageFolder;
import io.dino4j.zoo.FeatureKind;
import io.dino4j.zoo.FeatureKind.Pooling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FeatureCacheTest {
    private static final FeatureKind CLS = FeatureKind.cls();
    private static final FeatureKind PATCHES = new FeatureKind(Pooling.PATCHES, 1);

    private final PixelSubject pixels = new PixelSubject(
            "raw pixels", 8, 4, new EvalTransform(8, 8, new Normalization(new float[3], new float[] {1, 1, 1})));

    @TempDir
    Path dir;

    @Test
    void featuresAreThoseOfTheSubjectAndWorkedOutOnce() throws IOException {
        MadeImages images = new MadeImages(150);
        FeatureCache cache = FeatureCache.in(dir.resolve("cache"), 2);
        ImageFeatures features = cache.features(pixels, images, CLS, Progress.SILENT);
        assertEquals(150, features.size());
        assertEquals(3 * 64, features.dimension());
        assertArrayEquals(pixels.features(List.of(images.read(7)), CLS).get(0), features.of(7));
        assertEquals(1, features.label(7));
        int reads = images.reads.get();
        ImageFeatures again = cache.features(pixels, images, CLS, Progress.SILENT);
        assertEquals(reads, images.reads.get(), "nothing is read again");
        assertArrayEquals(features.of(149), again.of(149));
        assertArrayEquals(
                Arrays.copyOfRange(features.of(3), 5, 9),
                again.matrix(5, 9).getRow(3).toFloatVector());
        cache.features(pixels, images, PATCHES, Progress.SILENT);
        assertTrue(images.reads.get() > reads, "another kind is another set");
    }

    @Test
    void gridsKnowTheirRows() throws IOException {
        ImageFeatures grids = FeatureCache.in(dir, 1).features(pixels, new MadeImages(5), PATCHES, Progress.SILENT);
        assertEquals(2, grids.gridHeight(4));
        assertEquals(2, grids.gridWidth(4));
        assertEquals(16, grids.firstRow(4));
        assertEquals(4, grids.rowCount(4));
        assertEquals(20, grids.rows().size());
        assertEquals(4 * 3 * 16, grids.of(4).length);
    }

    @Test
    void afterAnInterruptionItGoesOn() throws IOException {
        MadeImages images = new MadeImages(300);
        images.breaksAt = 200;
        FeatureCache cache = FeatureCache.in(dir, 1);
        assertThrows(IllegalStateException.class, () -> cache.features(pixels, images, CLS, Progress.SILENT));
        images.breaksAt = Integer.MAX_VALUE;
        images.reads.set(0);
        ImageFeatures features = cache.features(pixels, images, CLS, Progress.SILENT);
        assertTrue(images.reads.get() < 300 - 64, "what was done is kept: " + images.reads);
        assertEquals(300, features.size());
        for (int i : new int[] {0, 63, 64, 191, 192, 299}) {
            assertArrayEquals(pixels.features(List.of(images.read(i)), CLS).get(0), features.of(i));
        }
    }

    @Test
    void unreadableImagesAreLeftOut() throws IOException {
        MadeImages images = new MadeImages(4);
        images.unreadable.add(1);
        FeatureCache cache = FeatureCache.in(dir, 1);
        ImageFeatures features = cache.features(pixels, images, CLS, Progress.SILENT);
        assertEquals(3, features.size());
        assertEquals(2, features.index(1));
        assertArrayEquals(new int[] {0, 0, 1}, features.labels());
        assertEquals(1, features.unreadable().size());
        images.unreadable.addAll(List.of(0, 2, 3));
        PixelSubject other = new PixelSubject("raw pixels", 4, 4, pixels.grid());
        Exception none =
                assertThrows(IllegalArgumentException.class, () -> cache.features(other, images, CLS, Progress.SILENT));
        assertTrue(none.getMessage().contains("none of the 4 images"), none.getMessage());
    }

    /** Its size and the time of its content are put back: only the time of the change itself tells. */
    @Test
    void aChangedImageIsNotServedStale() throws IOException {
        Path folder = Files.createDirectories(dir.resolve("images/cat"));
        Path file = folder.resolve("a.png");
        Files.write(file, png((byte) 10));
        FileTime time = Files.getLastModifiedTime(file);
        FeatureCache cache = FeatureCache.in(dir.resolve("cache"), 1);
        float[] before = of(cache, folder.getParent());
        assertArrayEquals(before, of(cache, folder.getParent()));
        byte[] changed = png((byte) 11);
        assertEquals(Files.size(file), changed.length);
        Files.write(file, changed);
        Files.setLastModifiedTime(file, time);
        float[] after = of(cache, folder.getParent());
        assertEquals(11 / 255f, after[0], 1e-6);
        assertNotEquals(before[0], after[0]);
    }

    private float[] of(FeatureCache cache, Path folder) throws IOException {
        return cache.features(pixels, new ImageFolder(folder), CLS, Progress.SILENT)
                .of(0);
    }

    private static byte[] png(byte value) {
        byte[] rgb = new byte[3 * 64];
        Arrays.fill(rgb, value);
        return ImageEncoder.png(new Image(8, 8, rgb));
    }

    @Test
    void aTemporaryCacheLeavesNothing() throws IOException {
        Path before;
        try (FeatureCache cache = FeatureCache.temporary(1)) {
            ImageFeatures features = cache.features(pixels, new MadeImages(3), CLS, Progress.SILENT);
            before = features.rows().file();
            assertTrue(Files.exists(before));
        }
        assertFalse(Files.exists(before.getParent().getParent()));
    }

    @Test
    void nothingHalfDoneIsLeftAfterAMistake() throws IOException {
        MadeImages images = new MadeImages(2);
        images.unreadable.addAll(List.of(0, 1));
        assertThrows(IllegalArgumentException.class, () -> FeatureCache.in(dir, 1)
                .features(pixels, images, CLS, Progress.SILENT));
        try (Stream<Path> left = Files.list(dir)) {
            assertEquals(0, left.count());
        }
    }

    /** Patches of a 4 x 4 image, 2 x 2 each: red rows, then green, then blue; the mean of all comes first among tokens. */
    @Test
    void patchesAreTheirOwnPixels() {
        byte[] rgb = new byte[3 * 16];
        for (int i = 0; i < 16; i++) {
            rgb[3 * i] = (byte) i;
            rgb[3 * i + 1] = (byte) (100 + i);
        }
        PixelSubject small = new PixelSubject("raw pixels", 4, 2, pixels.grid());
        float[] patches = small.features(List.of(new Image(4, 4, rgb)), PATCHES).get(0);
        float[] second = new float[12];
        int[] red = {2, 3, 6, 7};
        for (int i = 0; i < 4; i++) {
            second[i] = red[i] / 255f;
            second[4 + i] = (100 + red[i]) / 255f;
        }
        assertArrayEquals(second, Arrays.copyOfRange(patches, 12, 24), 1e-7f);
        float[] tokens = small.features(List.of(new Image(4, 4, rgb)), new FeatureKind(Pooling.TOKENS, 1))
                .get(0);
        assertArrayEquals(patches, Arrays.copyOfRange(tokens, 12, 60));
        assertEquals((0 + 2 + 8 + 10) / 4f / 255f, tokens[0], 1e-7f, "the first pixel of each patch");
    }
}
