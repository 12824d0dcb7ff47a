package io.dino4j.data.crop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Pictures;
import io.dino4j.data.image.EvalTransform;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.Range;
import io.dino4j.data.source.ImageFolder;
import io.dino4j.data.source.ImageSource;
import io.dino4j.data.source.RenderedShapes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.ndarray.INDArray;

@Timeout(120)
final class BatchLoaderTest {
    private static final MultiCropConfig CONFIG =
            MultiCropConfig.dinov2(14).withSizes(16, 8, 4).withLocalCrops(3);
    private static final int BATCH = 6;

    @TempDir
    private Path dir;

    private final RenderedShapes shapes = RenderedShapes.draw("train", 20, 24, 1);

    /** Everything of a batch that the trainer sees, copied. */
    private record Copy(
            long step,
            List<Integer> images,
            int masked,
            float[] globals,
            float[] locals,
            float[] masks,
            int[] indices,
            float[] weights) {
        static Copy of(Batch b) {
            return new Copy(
                    b.step(),
                    Arrays.stream(b.sampleIndices()).boxed().toList(),
                    b.maskedCount(),
                    floats(b.globals()),
                    b.locals() == null ? new float[0] : floats(b.locals()),
                    floats(b.masks()),
                    b.maskIndices().toIntVector(),
                    b.maskWeights().toFloatVector());
        }

        static float[] floats(INDArray array) {
            return array.reshape(-1).toFloatVector();
        }

        void assertSame(Copy other) {
            assertEquals(step, other.step);
            assertEquals(images, other.images);
            assertEquals(masked, other.masked);
            assertArrayEquals(globals, other.globals);
            assertArrayEquals(locals, other.locals);
            assertArrayEquals(masks, other.masks);
            assertArrayEquals(indices, other.indices);
            assertArrayEquals(weights, other.weights);
        }
    }

    private static BatchLoader open(ImageSource source, long seed, long start, int threads, int prefetch) {
        return BatchLoader.open(source, CONFIG, BATCH, seed, start, threads, prefetch, BatchLoaderTest::failOnWarning);
    }

    private static void failOnWarning(String warning) {
        throw new AssertionError("unexpected warning: " + warning);
    }

    private static List<Copy> take(BatchLoader loader, int count) {
        List<Copy> copies = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            try (Batch batch = loader.next()) {
                copies.add(Copy.of(batch));
            }
        }
        return copies;
    }

    @ParameterizedTest
    @CsvSource({"1,0,0", "1,3,0", "4,0,0", "3,2,0", "2,2,5", "5,1,7"})
    void batchesDependOnSeedAndStepOnly(int threads, int prefetch, int start) {
        List<Copy> expected;
        try (BatchLoader loader = open(shapes, 42, 0, 2, 1)) {
            expected = take(loader, 10);
        }
        try (BatchLoader loader = open(shapes, 42, start, threads, prefetch)) {
            List<Copy> actual = take(loader, 10 - start);
            for (int i = 0; i < actual.size(); i++) {
                assertEquals(start + i, actual.get(i).step());
                expected.get(start + i).assertSame(actual.get(i));
            }
        }
        try (BatchLoader loader = open(shapes, 43, 0, 2, 1)) {
            assertFalse(Arrays.equals(
                    expected.get(0).globals(), take(loader, 1).get(0).globals()));
        }
    }

    /** Two workers of batch 3, and three of batch 2, see what one of batch 6 sees: images and crops; masks are their own. */
    @ParameterizedTest
    @CsvSource({"2,0", "3,0", "6,0", "2,4"})
    void workersShareTheBatchOfOne(int world, int start) {
        int part = BATCH / world;
        List<Copy> whole;
        try (BatchLoader loader = open(shapes, 42, start, 2, 1)) {
            whole = take(loader, 5);
        }
        for (int rank = 0; rank < world; rank++) {
            try (BatchLoader loader = BatchLoader.open(
                    shapes,
                    CONFIG,
                    part,
                    List.of(new Worker(rank, world)),
                    42,
                    start,
                    2,
                    1,
                    BatchLoaderTest::failOnWarning)) {
                List<Copy> own = take(loader, 5);
                for (int step = 0; step < 5; step++) {
                    assertPart(whole.get(step), own.get(step), rank * part, part);
                    assertTrue(own.get(step).masked() <= loader.upperBound());
                }
            }
        }
        assertThrows(IllegalArgumentException.class, () -> new Worker(2, 2));
    }

    @Test
    void aLoaderOfSeveralWorkersMakesTheBatchesOfEach() {
        List<Worker> workers = List.of(new Worker(1, 3), new Worker(2, 3));
        List<Copy> both;
        try (BatchLoader loader = open(workers, 4)) {
            both = take(loader, 6);
        }
        for (int w = 0; w < workers.size(); w++) {
            try (BatchLoader loader = open(List.of(workers.get(w)), 4)) {
                List<Copy> own = take(loader, 3);
                for (int step = 0; step < 3; step++) {
                    own.get(step).assertSame(both.get(2 * step + w));
                    assertEquals(4 + step, both.get(2 * step + w).step());
                }
            }
        }
        assertFalse(Arrays.equals(both.get(0).masks(), both.get(1).masks()), "each worker draws masks of its own");
    }

    private BatchLoader open(List<Worker> workers, long start) {
        return BatchLoader.open(shapes, CONFIG, 2, workers, 42, start, 2, 1, BatchLoaderTest::failOnWarning);
    }

    private static void assertPart(Copy whole, Copy own, int first, int part) {
        assertEquals(whole.step(), own.step());
        assertEquals(whole.images().subList(first, first + part), own.images());
        assertRows(whole.globals(), own.globals(), first, part, MultiCropConfig.GLOBAL_CROPS);
        assertRows(whole.locals(), own.locals(), first, part, CONFIG.localCrops());
        int at = 0;
        for (int i = 0; i < own.masks().length; i++) {
            if (own.masks()[i] > 0) {
                assertEquals(i, own.indices()[at]);
                int patches = CONFIG.numPatches();
                int slot = i / patches;
                double masked = 0;
                for (int p = 0; p < patches; p++) {
                    masked += own.masks()[slot * patches + p];
                }
                assertEquals(1 / masked, own.weights()[at++], 1e-6);
            }
        }
        assertEquals(at, own.masked());
    }

    /** Rows are crop by crop; each crop's rows of the worker are a stretch of the whole's. */
    private static void assertRows(float[] whole, float[] own, int first, int part, int crops) {
        int row = whole.length / crops / BATCH;
        for (int c = 0; c < crops; c++) {
            assertArrayEquals(
                    Arrays.copyOfRange(whole, (c * BATCH + first) * row, (c * BATCH + first + part) * row),
                    Arrays.copyOfRange(own, c * part * row, (c + 1) * part * row));
        }
    }

    @Test
    void everyEpochShowsEveryImageOnceInAnotherOrder() {
        try (BatchLoader loader = open(shapes, 7, 0, 2, 2)) {
            List<Integer> stream = new ArrayList<>();
            take(loader, 10).forEach(copy -> stream.addAll(copy.images()));
            for (int epoch = 0; epoch < 3; epoch++) {
                assertEquals(
                        20,
                        Set.copyOf(stream.subList(20 * epoch, 20 * epoch + 20)).size());
            }
            assertNotEquals(stream.subList(0, 20), stream.subList(20, 40));
        }
    }

    @Test
    void aBatchLargerThanTheSetIsFilled() {
        try (BatchLoader loader = open(RenderedShapes.draw("train", 4, 24, 1), 7, 0, 2, 1)) {
            List<Integer> images = take(loader, 1).get(0).images();
            assertEquals(Set.of(0, 1, 2, 3), Set.copyOf(images.subList(0, 4)));
            assertEquals(BATCH, images.size());
        }
    }

    @Test
    void shapesAndMasksAreAsDocumented() {
        try (BatchLoader loader = open(shapes, 1, 0, 2, 1);
                Batch batch = loader.next()) {
            assertArrayEquals(new long[] {12, 3, 16, 16}, batch.globals().shape());
            assertArrayEquals(new long[] {18, 3, 8, 8}, batch.locals().shape());
            assertArrayEquals(new long[] {12, 16}, batch.masks().shape());
            assertEquals(loader.upperBound(), batch.maskIndices().length());
            assertEquals(batch.maskedCount(), batch.masks().sumNumber().intValue());
            int[] indices = batch.maskIndices().toIntVector();
            float[] weights = batch.maskWeights().toFloatVector();
            float[] masks = Copy.floats(batch.masks());
            for (int i = 0; i < indices.length; i++) {
                boolean used = i < batch.maskedCount();
                assertEquals(used, weights[i] > 0);
                assertTrue(used ? masks[indices[i]] == 1 : indices[i] == 0);
            }
        }
    }

    @Test
    void cropsOfAnImageLieInTheirRows() {
        ViewRecipe plain = new ViewRecipe(0, 0, JitterStrength.dinov2(), 0, 0, 0);
        Range whole = new Range(0.999, 1);
        MultiCropConfig config = CONFIG.withViews(plain, plain, plain).withScales(whole, whole);
        try (BatchLoader loader = BatchLoader.open(flat(), config, BATCH, 3, 0, 2, 1, BatchLoaderTest::failOnWarning);
                Batch batch = loader.next()) {
            int[] images = batch.sampleIndices();
            for (int i = 0; i < BATCH; i++) {
                for (int crop = 0; crop < 2; crop++) {
                    assertEquals(red(images[i]), batch.globals().getDouble(crop * BATCH + i, 0, 5, 5), 1e-5);
                }
                for (int crop = 0; crop < 3; crop++) {
                    assertEquals(red(images[i]), batch.locals().getDouble(crop * BATCH + i, 0, 5, 5), 1e-5);
                }
            }
        }
    }

    /** Images of one colour each, which tells them apart after any crop. */
    private static ImageSource flat() {
        return new SourceOf(12, i -> {
            byte[] rgb = new byte[3 * 20 * 20];
            Arrays.fill(rgb, (byte) (20 * i));
            return new Image(20, 20, rgb);
        });
    }

    private static double red(int image) {
        return (20 * image / 255.0 - 0.485) / 0.229;
    }

    @Test
    void withoutLocalCropsThereAreNone() {
        try (BatchLoader loader = BatchLoader.open(
                        shapes, CONFIG.withLocalCrops(0), BATCH, 3, 0, 2, 1, BatchLoaderTest::failOnWarning);
                Batch batch = loader.next()) {
            assertNull(batch.locals());
        }
    }

    @Test
    void memoryIsUsedAgain() {
        Set<INDArray> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        try (BatchLoader loader = open(shapes, 1, 0, 2, 2)) {
            for (int i = 0; i < 40; i++) {
                try (Batch batch = loader.next()) {
                    seen.add(batch.globals());
                }
            }
            assertTrue(seen.size() <= 3, seen.size() + " arrays for prefetch 2");
        }
        assertTrue(seen.stream().allMatch(INDArray::wasClosed));
    }

    @Test
    void holdingEveryBatchIsAnErrorAndNotADeadlock() {
        try (BatchLoader loader = open(shapes, 1, 0, 2, 1)) {
            Batch first = loader.next();
            Batch second = loader.next();
            assertThrows(IllegalStateException.class, loader::next);
            first.close();
            first.close();
            assertThrows(IllegalStateException.class, first::globals);
            assertEquals(2, loader.next().step());
            second.close();
        }
    }

    @Test
    void aClosedLoaderSaysSo() {
        BatchLoader loader = open(shapes, 1, 0, 3, 2);
        Batch open = loader.next();
        loader.close();
        loader.close();
        assertThrows(IllegalStateException.class, loader::next);
        assertEquals(12, open.globals().size(0)); // still ours
        open.close();
    }

    private ImageFolder damagedFolder() throws IOException {
        for (int i = 0; i < 10; i++) {
            Path file = Pictures.write(dir.resolve("set/%d.jpg".formatted(i)), Pictures.picture(30, 24, i));
            if (i == 3) {
                Pictures.truncate(file, 0.6);
            }
        }
        Files.writeString(dir.resolve("set/text.png"), "not a picture");
        Files.write(dir.resolve("set/zero.jpg"), new byte[0]);
        return new ImageFolder(dir.resolve("set"));
    }

    @Test
    void unreadableFilesAreNamedOnceAndReplacedTheSameWayByAnyThreads() throws IOException {
        ImageFolder folder = damagedFolder();
        List<Copy> expected = null;
        for (int threads : new int[] {1, 4}) {
            List<String> warnings = new CopyOnWriteArrayList<>();
            try (BatchLoader loader = BatchLoader.open(folder, CONFIG, BATCH, 5, 0, threads, 2, warnings::add)) {
                List<Copy> copies = take(loader, 12);
                assertEquals(3, loader.skippedCount());
                assertEquals(3, warnings.size(), warnings::toString);
                for (String name : List.of("3.jpg", "text.png", "zero.jpg")) {
                    assertEquals(
                            1, warnings.stream().filter(w -> w.contains(name)).count(), name);
                }
                for (Copy copy : copies) {
                    assertEquals(BATCH, copy.images().size());
                    assertTrue(copy.images().stream()
                            .noneMatch(i -> Set.of(3, 10, 11).contains(i)));
                }
                if (expected != null) {
                    for (int i = 0; i < copies.size(); i++) {
                        expected.get(i).assertSame(copies.get(i));
                    }
                }
                expected = copies;
            }
        }
        try (BatchLoader resumed = BatchLoader.open(folder, CONFIG, BATCH, 5, 9, 2, 1, quiet())) {
            expected.get(9).assertSame(take(resumed, 1).get(0));
        }
    }

    @Test
    void aSetWithoutAnyReadableFileIsAClearError() throws IOException {
        Files.createDirectories(dir.resolve("bad"));
        Files.write(dir.resolve("bad/a.jpg"), new byte[0]);
        Files.write(dir.resolve("bad/b.png"), new byte[5]);
        try (BatchLoader loader =
                BatchLoader.open(new ImageFolder(dir.resolve("bad")), CONFIG, BATCH, 5, 0, 3, 1, quiet())) {
            for (int i = 0; i < 2; i++) {
                IllegalStateException e = assertThrows(IllegalStateException.class, loader::next);
                assertTrue(e.getMessage().startsWith("none of the 2 images can be read"), e.getMessage());
            }
        }
    }

    @Test
    void evaluationBatchesKeepTheOrderAndLeaveOutTheUnreadable() throws IOException {
        ImageFolder folder = damagedFolder();
        List<String> warnings = new CopyOnWriteArrayList<>();
        List<Integer> indices = new ArrayList<>();
        List<Integer> sizes = new ArrayList<>();
        EvalTransform transform = new EvalTransform(20, 16, CONFIG.normalization());
        try (EvalBatches batches = new EvalBatches(folder, transform, 4, 2, warnings::add)) {
            while (batches.hasNext()) {
                EvalBatch batch = batches.next();
                sizes.add(batch.count());
                assertEquals(batch.count(), batch.images().size(0));
                for (int i = 0; i < batch.count(); i++) {
                    indices.add(batch.indices()[i]);
                    float[] expected = new float[3 * 16 * 16];
                    transform.normalization().write(transform.apply(folder.read(batch.indices()[i])), expected);
                    assertArrayEquals(expected, Copy.floats(batch.images().slice(i)));
                }
            }
        }
        assertEquals(List.of(0, 1, 2, 4, 5, 6, 7, 8, 9), indices);
        assertEquals(List.of(4, 4, 1), sizes);
        assertEquals(3, warnings.size());
    }

    private static Consumer<String> quiet() {
        return warning -> {};
    }
}
