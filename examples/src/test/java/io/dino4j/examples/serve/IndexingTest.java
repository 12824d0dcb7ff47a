package io.dino4j.examples.serve;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.file.FileTree;
import io.dino4j.zoo.PatchFeatures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is made, kept and made anew. */
final class IndexingTest {
    private static final int IMAGES = 9;
    private static final long ENOUGH = 1L << 30;

    @TempDir
    private Path dir;

    private Path images;
    private SearchNetwork network;
    private TinySearch.Watch watch;

    @BeforeEach
    void draw() throws IOException {
        images = TinySearch.pictures(dir.resolve("images"), IMAGES);
        network = TinySearch.network("tiny");
    }

    @AfterEach
    void close() {
        network.close();
    }

    private ImageIndex index(long patchBytes) throws IOException {
        watch = new TinySearch.Watch();
        return TinySearch.index(images, dir.resolve("index"), network, patchBytes, watch);
    }

    private static List<String> names(ImageIndex index) {
        return IntStream.range(0, index.size())
                .mapToObj(i -> index.entry(i).name())
                .toList();
    }

    private long segments() throws IOException {
        try (var files = Files.list(dir.resolve("index"))) {
            return files.filter(f -> f.getFileName().toString().startsWith("segment-"))
                    .count();
        }
    }

    @Test
    void featuresAreThoseOfTheNetwork() throws Exception {
        ImageIndex index = index(ENOUGH);
        assertEquals(IMAGES, watch.pending);
        assertEquals(IMAGES, index.size());
        assertEquals("wide/picture-02.png", index.entry(6).name(), "folders come after files, by name");
        for (int i = 0; i < IMAGES; i++) {
            byte[] file = Files.readAllBytes(images.resolve(index.entry(i).name()));
            PatchFeatures expected = network.features(network.see(file, "it"));
            ImageRow row = index.entry(i).row();
            PatchFeatures kept = index.features(i, network.framing(row.width(), row.height()));
            assertEquals(expected.gridWidth(), kept.gridWidth());
            assertEquals(i < 6 ? 9 : 4, kept.gridHeight(), "9 patches of 4 pixels, or half of them rounded down");
            assertArrayEquals(expected.cls(), index.embedding(i), 1e-6f);
            assertArrayEquals(expected.patches(), kept.patches(), 1f / 127, "8 bits of the largest number");
        }
    }

    @Test
    void patchesOfAllImagesFollowEachOther() throws IOException {
        ImageIndex index = index(ENOUGH);
        ImageIndex.PatchRows rows = index.patches();
        assertEquals(6 * 81 + 3 * 36, rows.size());
        float[] all = new float[rows.size() * rows.dimension()];
        rows.read(0, rows.size(), all);
        float[] some = new float[100 * rows.dimension()];
        rows.read(450, 100, some);
        for (int i = 0; i < some.length; i++) {
            assertEquals(all[450 * rows.dimension() + i], some[i]);
        }
        assertEquals(0, rows.imageOf(80));
        assertEquals(1, rows.imageOf(81));
        assertEquals(6, rows.imageOf(6 * 81));
        assertEquals(6 * 81 + 36, rows.end(6));
    }

    @Test
    void anIndexThatIsUpToDateIsUsedAsItIs() throws IOException {
        float[] before = index(ENOUGH).embedding(4);
        ImageIndex again = index(ENOUGH);
        assertEquals(0, watch.pending);
        assertArrayEquals(before, again.embedding(4));
        assertEquals(1, segments());
    }

    @Test
    void newImagesAreAddedAndThoseThatAreGoneAreLeftOut() throws IOException {
        float[] third = index(ENOUGH).embedding(2);
        Files.delete(images.resolve("picture-00.png"));
        Path more = TinySearch.pictures(dir.resolve("more"), IMAGES + 1);
        Files.move(more.resolve("picture-09.png"), images.resolve("a new one.png"));
        ImageIndex index = index(ENOUGH);
        assertEquals(1, watch.pending);
        assertEquals(IMAGES, index.size());
        assertEquals("a new one.png", index.entry(0).name());
        assertFalse(names(index).contains("picture-00.png"));
        assertEquals("picture-03.png", index.entry(2).name());
        assertArrayEquals(third, index.embedding(2), "the same row, wherever it is now");
        assertEquals(2, segments());
    }

    @Test
    void anImageIsKnownByItsContentAndComputedOnce() throws IOException {
        index(ENOUGH);
        Files.move(images.resolve("picture-01.png"), images.resolve("renamed.png"));
        Files.copy(images.resolve("picture-03.png"), images.resolve("copy.png"));
        ImageIndex index = index(ENOUGH);
        assertEquals(2, watch.pending, "they are read");
        assertEquals(1, segments(), "and need no features");
        assertEquals(IMAGES + 1, index.size());
        assertEquals(IMAGES, index.withPatches(), "equal files are there once");
        index(ENOUGH);
        assertEquals(0, watch.pending, "not read again");
    }

    @Test
    void aSegmentOfWhichNothingIsLeftIsRemoved() throws IOException {
        index(ENOUGH);
        FileTree.delete(images);
        Path other = TinySearch.pictures(dir.resolve("other"), 12);
        Files.createDirectories(images);
        Files.move(other.resolve("picture-10.png"), images.resolve("one.png"));
        assertEquals(List.of("one.png"), names(index(ENOUGH)));
        assertEquals(1, segments());
    }

    @Test
    void whatAKilledRunLeavesIsDropped() throws IOException {
        index(ENOUGH);
        Path draft = Files.createDirectories(dir.resolve("index/segment-000002.draft"));
        Files.writeString(draft.resolve("embeddings.bin.part"), "half");
        assertEquals(IMAGES, index(ENOUGH).size());
        assertEquals(0, watch.pending);
        assertFalse(Files.exists(draft));
    }

    @Test
    void patchesAreKeptUpToALimit() throws IOException {
        long each = 81 * (16 + 4);
        ImageIndex some = index(4 * each);
        assertTrue(some.withPatches() < IMAGES, "of 9 images at most");
        assertEquals(1, watch.said.size(), watch.said.toString());
        assertTrue(watch.said.get(0).startsWith("patch features of 44% of the images are kept"), watch.said.get(0));
        ImageIndex none = index(0);
        assertEquals(some.withPatches(), none.withPatches(), "those that are there stay");
        assertEquals(IMAGES, index(ENOUGH).withPatches(), "and the others are added");
        assertEquals(IMAGES - some.withPatches(), watch.pending);
    }

    @Test
    void unreadableImagesAreToldAndLeftOut() throws IOException {
        Files.writeString(images.resolve("broken.jpg"), "no image");
        ImageIndex index = index(ENOUGH);
        assertEquals(IMAGES, index.size());
        assertTrue(watch.said.get(0).contains("broken.jpg"), watch.said.toString());
        Path only = Files.createDirectories(dir.resolve("only"));
        Files.writeString(only.resolve("broken.jpg"), "no image");
        images = only;
        String line = assertThrows(IllegalArgumentException.class, () -> index(ENOUGH))
                .getMessage();
        assertEquals("none of the 1 images can be read", line);
    }

    @Test
    void anIndexOfOtherWeightsOrAnotherFolderIsRefused() throws IOException {
        index(ENOUGH);
        network.close();
        network = TinySearch.network("other");
        String line = assertThrows(IllegalArgumentException.class, () -> index(ENOUGH))
                .getMessage();
        assertTrue(line.contains("is an index of another network (tiny, now other)"), line);
        assertTrue(line.contains("--index"), line);
        TinySearch.Watch silent = new TinySearch.Watch();
        line = assertThrows(
                        IllegalArgumentException.class, () -> TinySearch.index(images, images, network, ENOUGH, silent))
                .getMessage();
        assertTrue(line.contains("holds other files and no index"), line);
        try (var files = Files.list(images)) {
            assertEquals(7, files.count(), "six pictures and a folder: nothing is written");
        }
    }
}
