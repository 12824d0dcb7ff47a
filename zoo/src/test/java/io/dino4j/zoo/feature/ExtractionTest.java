package io.dino4j.zoo.feature;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Progress;
import io.dino4j.data.image.EvalTransform;
import io.dino4j.data.image.ImageDecoder;
import io.dino4j.data.image.KeepAspect;
import io.dino4j.data.image.Normalization;
import io.dino4j.data.image.Preprocessing;
import io.dino4j.data.source.ImageFolder;
import io.dino4j.zoo.Dinov2;
import io.dino4j.zoo.FeatureKind;
import io.dino4j.zoo.FeatureKind.Pooling;
import io.dino4j.zoo.TinyModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a folder of images to a file of features. */
final class ExtractionTest {
    private static final Preprocessing SQUARE = EvalTransform.of(12);
    private static final Preprocessing WHOLE = new KeepAspect(12, 48, 4, Normalization.imagenet());

    @TempDir
    private Path folder;

    private Path images;

    /** Forty images of four shapes; two of them cannot be read. */
    @BeforeEach
    void writeImages() throws IOException {
        images = Files.createDirectories(folder.resolve("images"));
        for (int i = 0; i < 40; i++) {
            int[] size = new int[][] {{40, 30}, {30, 40}, {32, 32}, {70, 20}}[i * 7 % 4];
            TinyModel.write(images.resolve("%02d.png".formatted(i)), size[0], size[1], i);
        }
        Files.write(images.resolve("07.png"), new byte[100]);
        Path cut = images.resolve("23.png");
        Files.write(cut, Arrays.copyOf(Files.readAllBytes(cut), 60));
    }

    private Extraction extraction(Dinov2 model, FeatureKind kind, int partImages) {
        ImageFolder source = new ImageFolder(images);
        return new Extraction(
                model, source, i -> Path.of(source.name(i)).getFileName().toString(), kind, 4, 3, partImages);
    }

    private FeatureStore store(Path out, Extraction e) throws IOException {
        return FeatureStore.open(out, e.layout(), Map.of("test", "yes"), false, false);
    }

    private Extraction.Times run(Path out, Preprocessing preprocessing, FeatureKind kind) throws IOException {
        try (Dinov2 loaded = TinyModel.create();
                Dinov2 model = loaded.with(preprocessing)) {
            Extraction e = extraction(model, kind, 4096);
            try (FeatureStore store = store(out, e)) {
                return e.run(store, Progress.SILENT);
            }
        }
    }

    private static float[] numbers(Path npy) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(npy)).order(ByteOrder.LITTLE_ENDIAN);
        bytes.position(10 + bytes.getShort(8));
        float[] numbers = new float[bytes.remaining() / Float.BYTES];
        bytes.asFloatBuffer().get(numbers);
        return numbers;
    }

    @Test
    void everyReadableImageHasItsRowInOrder() throws IOException {
        Path out = folder.resolve("f.npy");
        FeatureKind kind = new FeatureKind(Pooling.CLS_MEAN, 2);
        Extraction.Times times = run(out, SQUARE, kind);
        assertEquals(38, times.images());
        assertEquals(2, times.unreadable().size());
        assertTrue(
                times.unreadable().get(0).contains("07.png"), times.unreadable().toString());
        float[] all = numbers(out);
        int width = kind.dimension(16);
        assertEquals(38 * width, all.length);
        List<String> table = Files.readAllLines(folder.resolve("f.npy.csv"));
        assertEquals("6,06.png,32,32", table.get(7));
        assertEquals("7,08.png,40,30", table.get(8));
        try (Dinov2 loaded = TinyModel.create();
                Dinov2 model = loaded.with(SQUARE)) {
            for (int row : new int[] {0, 6, 7, 20, 37}) {
                Path image = images.resolve(table.get(row + 1).split(",")[1]);
                float[] expected = model.features(List.of(model.input(ImageDecoder.read(image))), kind)
                        .get(0);
                float[] found = Arrays.copyOfRange(all, row * width, (row + 1) * width);
                assertArrayEquals(expected, found, 1e-5f, image.toString());
            }
        }
    }

    /** Equal sizes in passes of their own, the rest packed: nobody can tell from the result. */
    @Test
    void imagesOfManyShapesKeepTheirOrder() throws IOException {
        Path out = folder.resolve("f.npy");
        run(out, WHOLE, FeatureKind.cls());
        float[] all = numbers(out);
        List<String> table = Files.readAllLines(folder.resolve("f.npy.csv"));
        try (Dinov2 loaded = TinyModel.create();
                Dinov2 model = loaded.with(WHOLE)) {
            for (int row = 0; row < 38; row++) {
                Path image = images.resolve(table.get(row + 1).split(",")[1]);
                float[] found = Arrays.copyOfRange(all, row * 16, (row + 1) * 16);
                assertArrayEquals(model.embed(image), found, 1e-5f, image.toString());
            }
        }
    }

    /** Whatever the moment, and however often. */
    @Test
    void anInterruptedRunGoesOnToTheSameFile() throws IOException {
        Path whole = folder.resolve("whole.npy");
        run(whole, SQUARE, FeatureKind.cls());
        Path out = folder.resolve("f.npy");
        int interruptions = 0;
        try (Dinov2 loaded = TinyModel.create();
                Dinov2 model = loaded.with(SQUARE)) {
            Extraction e = extraction(model, FeatureKind.cls(), 5);
            for (int after = 3; !Files.exists(out); after += 3) {
                try (FeatureStore store = store(out, e)) {
                    e.run(store, new Interruption(after));
                } catch (Interrupted expected) {
                    interruptions++;
                }
            }
        }
        assertTrue(interruptions > 3, "interrupted " + interruptions + " times");
        assertArrayEquals(Files.readAllBytes(whole), Files.readAllBytes(out));
        assertEquals(Files.readString(folder.resolve("whole.npy.csv")), Files.readString(folder.resolve("f.npy.csv")));
    }

    private static final class Interrupted extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /** Ends the run when it has come beyond a number of images. */
    private record Interruption(long after) implements Progress {
        @Override
        public void begin(String task, long done, long total) {
            // only the advance counts
        }

        @Override
        public void advance(long done, Map<String, Double> values) {
            if (done > after && done < 40) {
                throw new Interrupted();
            }
        }

        @Override
        public void end() {
            // nothing to end
        }

        @Override
        public void say(String line) {
            // nothing to say
        }
    }

    @Test
    void aFolderWithoutAnyReadableImageIsAnError() throws IOException {
        List<Path> all = new ArrayList<>();
        try (var files = Files.list(images)) {
            files.forEach(all::add);
        }
        for (Path file : all) {
            Files.write(file, new byte[10]);
        }
        Path out = folder.resolve("f.npy");
        Exception e = assertThrows(IllegalArgumentException.class, () -> run(out, SQUARE, FeatureKind.cls()));
        assertTrue(e.getMessage().contains("none of the 40 images can be read"), e.getMessage());
        assertTrue(Files.notExists(out));
        assertTrue(Files.notExists(folder.resolve("f.npy.parts")), "once they are mended, nothing is in the way");
    }

    @Test
    void aUsualPassHasAboutTwoThousandTokens() {
        assertEquals(8, Extraction.usualBatch(257));
        assertEquals(1, Extraction.usualBatch(1370));
        assertEquals(64, Extraction.usualBatch(10));
    }
}
