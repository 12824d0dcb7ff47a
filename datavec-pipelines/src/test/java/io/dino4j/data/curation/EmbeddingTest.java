package io.dino4j.data.curation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Pictures;
import io.dino4j.data.Progress;
import io.dino4j.data.file.Sha256;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.Reduction;
import io.dino4j.data.source.ImageFolder;
import io.dino4j.data.source.Location;
import io.dino4j.data.source.ManifestRow;
import io.dino4j.data.vector.VectorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Images to vectors: rows, hashes, what is left out, and going on after a failure. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class EmbeddingTest {
    private static final int IMAGES = 2 * Embedding.CHUNK + 40;
    private static final Map<String, String> SETTINGS = Map.of(EmbeddingSet.EMBEDDER, "mean colour");

    @TempDir
    static Path dir;

    private ImageFolder pool;

    @BeforeAll
    void pictures() throws IOException {
        Path folder = dir.resolve("pool");
        for (int i = 0; i < IMAGES; i++) {
            Image image = Pictures.picture(i == 7 ? 1 : 6 + i % 5, 5, i);
            Pictures.write(folder.resolve("%s/%04d.png".formatted(i % 2 == 0 ? "even" : "odd", i)), image);
        }
        Pictures.truncate(folder.resolve("even/0300.png"), 0.6);
        Files.write(folder.resolve("even/0302.png"), new byte[0]);
        pool = new ImageFolder(folder);
    }

    private EmbeddingSet embed(String out, Embedder embedder, int batch, int threads) throws IOException {
        return new Embedding(pool, embedder, batch, threads)
                .run(dir.resolve(out), SETTINGS, VectorType.FLOAT32, false, Progress.SILENT);
    }

    @Test
    void everyReadableImageHasAVectorAndARow() throws IOException {
        EmbeddingSet set = embed("all.emb", new MeanColor(), 100, 2);
        assertEquals(IMAGES - 3, set.size());
        assertEquals(3, set.vectors().dimension());
        List<String> unreadable = set.unreadable();
        assertEquals(3, unreadable.size());
        assertTrue(
                unreadable.stream().anyMatch(l -> l.contains("0300.png") && l.contains("truncated")), "" + unreadable);
        assertTrue(unreadable.stream().anyMatch(l -> l.endsWith("0302.png: the file is empty")), "" + unreadable);
        assertTrue(unreadable.stream().anyMatch(l -> l.endsWith("0007.png: is too narrow")), "" + unreadable);
        float[] row = new float[3];
        for (int i = 0; i < set.size(); i += 37) {
            ManifestRow known = set.images().row(i);
            Path file = ((Location.WholeFile) known.location()).file();
            int number = Integer.parseInt(file.getFileName().toString().substring(0, 4));
            Image image = Pictures.picture(6 + number % 5, 5, number);
            assertEquals(image.width(), known.width());
            assertEquals(5, known.height());
            assertEquals(Sha256.of(file), known.sha256());
            assertEquals(Files.size(file), known.bytes());
            assertEquals(number % 2 == 0 ? "even" : "odd", known.label());
            float[] expected = new MeanColor().embed(List.of(image))[0];
            double norm = Math.sqrt(expected[0] * expected[0] + expected[1] * expected[1] + expected[2] * expected[2]);
            set.vectors().read(i, 1, row);
            for (int c = 0; c < 3; c++) {
                assertEquals(expected[c] / norm, row[c], 1e-6);
            }
        }
    }

    @Test
    void aRunThatWasKilledGoesOnAndEndsInTheSameBytes() throws IOException {
        embed("whole.emb", new MeanColor(), 64, 1);
        assertThrows(IllegalStateException.class, () -> embed("killed.emb", new MeanColor(300), 64, 3));
        assertFalse(Files.exists(dir.resolve("killed.emb")));
        MeanColor second = new MeanColor();
        embed("killed.emb", second, 64, 2);
        assertEquals(
                IMAGES - 3 - (Embedding.CHUNK - 2),
                second.embedded.get(),
                "the first chunk, which has two of the three, is not worked out again");
        for (String file : List.of("vectors.bin", "images.parquet", "unreadable.txt", "stage.json")) {
            assertArrayEquals(
                    Files.readAllBytes(dir.resolve("whole.emb").resolve(file)),
                    Files.readAllBytes(dir.resolve("killed.emb").resolve(file)),
                    file);
        }
        try (var files = Files.list(dir.resolve("killed.emb"))) {
            assertEquals(5, files.count(), "no chunk is left");
        }
        MeanColor third = new MeanColor();
        embed("killed.emb", third, 64, 2);
        assertEquals(0, third.embedded.get(), "done already");
    }

    @Test
    void aChunkAloneIsTheSameAsInTheWhole() throws IOException {
        EmbeddingSet set = embed("whole2.emb", new MeanColor(), 64, 2);
        Embedding embedding = new Embedding(pool, new MeanColor(), 64, 1);
        assertEquals(3, embedding.chunks());
        int row = 0;
        for (int c = 0; c < 3; c++) {
            Embedding.Chunk chunk = embedding.chunk(c);
            float[] expected = new float[chunk.vectors().length];
            set.vectors().read(row, chunk.rows().size(), expected);
            assertArrayEquals(expected, chunk.vectors());
            for (ManifestRow r : chunk.rows()) {
                assertEquals(r.sha256(), set.images().row(row++).sha256());
            }
        }
        assertEquals(set.size(), row);
    }

    @Test
    void setsOfDifferentEmbeddersAreNotCompared() throws IOException {
        EmbeddingSet one = embed("one.emb", new MeanColor(), 64, 2);
        EmbeddingSet two = new Embedding(pool, images -> new float[images.size()][5], 64, 2)
                .run(
                        dir.resolve("two.emb"),
                        Map.of(EmbeddingSet.EMBEDDER, "zeros"),
                        VectorType.FLOAT32,
                        false,
                        Progress.SILENT);
        var e = assertThrows(IllegalArgumentException.class, () -> one.requireComparable(two));
        assertTrue(e.getMessage().contains("has vectors of 3 numbers"), e.getMessage());
        float[] zeros = new float[5];
        two.vectors().read(0, 1, zeros);
        assertArrayEquals(new float[5], zeros); // has no direction
        assertThrows(IllegalArgumentException.class, () -> EmbeddingSet.open(dir.resolve("pool")));
    }

    @Test
    void anEmbedderThatNeedsFewerPixelsGetsThemAndTheSizeInTheFile() throws IOException {
        Path folder = dir.resolve("photos");
        Pictures.write(folder.resolve("a.jpg"), Pictures.picture(50, 33, 1));
        List<String> seen = new ArrayList<>();
        Embedder small = new Embedder() {
            @Override
            public float[][] embed(List<Image> images) {
                return new float[images.size()][2];
            }

            @Override
            public Image prepare(Image image, int width, int height) {
                seen.add("%s of %dx%d".formatted(image, width, height));
                return image;
            }

            @Override
            public Reduction reduction() {
                return (width, height) -> 4;
            }
        };
        Embedding.Chunk chunk = new Embedding(new ImageFolder(folder), small, 8, 1).chunk(0);
        assertEquals(List.of("Image[13x9] of 50x33"), seen);
        assertEquals(50, chunk.rows().get(0).width());
        assertEquals(33, chunk.rows().get(0).height());
    }

    @Test
    void aNumberThatIsNotFiniteStopsTheRun() {
        Embedder broken = images -> {
            float[][] vectors = new float[images.size()][2];
            vectors[0][1] = Float.NaN;
            return vectors;
        };
        var e = assertThrows(IllegalStateException.class, () -> embed("nan.emb", broken, 8, 1));
        assertTrue(e.getMessage().contains("is not finite"), e.getMessage());
    }
}
