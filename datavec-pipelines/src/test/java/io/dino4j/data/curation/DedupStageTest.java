package io.dino4j.data.curation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Pictures;
import io.dino4j.data.Progress;
import io.dino4j.data.curation.copy.Alteration;
import io.dino4j.data.curation.copy.CopyEmbedding;
import io.dino4j.data.curation.copy.Drawings;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageEncoder;
import io.dino4j.data.source.ImageFolder;
import io.dino4j.data.vector.VectorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Copies of drawings go, the drawings stay, and what resembles a benchmark goes with all its copies. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class DedupStageTest {
    private static final int ORIGINALS = 12;

    @TempDir
    static Path dir;

    private EmbeddingSet pool;
    private EmbeddingSet benchmark;

    @BeforeAll
    void embed() throws IOException {
        Path images = dir.resolve("pool");
        for (int i = 0; i < ORIGINALS; i++) {
            Pictures.write(images.resolve("a %02d.png".formatted(i)), drawing(i));
        }
        Image first = drawing(0);
        jpeg(images.resolve("copy of 00, small.jpg"), Alteration.RESIZE_50.apply(first, new SplittableRandom(1)));
        Image mirrored = Alteration.HFLIP.apply(
                Alteration.RESIZE_50.apply(first, new SplittableRandom(1)), new SplittableRandom(1));
        jpeg(images.resolve("copy of 00, \"mirrored\".jpg"), mirrored);
        jpeg(images.resolve("copy of 01.jpg"), Alteration.CROP_80.apply(drawing(1), new SplittableRandom(1)));
        Files.copy(images.resolve("a 02.png"), images.resolve("same as 02.png"));
        Path val = dir.resolve("val");
        jpeg(val.resolve("v0.jpg"), Alteration.COLOUR.apply(first, new SplittableRandom(2)));
        Files.createDirectories(val);
        Files.copy(images.resolve("a 03.png"), val.resolve("v1.png"));
        Pictures.write(val.resolve("v2.png"), drawing(100));
        pool = set(images, "pool.copies", Optional.empty());
        benchmark = set(val, "val.copies", Optional.of(pool.folder()));
    }

    private static Image drawing(int i) {
        return Drawings.of(240, 180, i);
    }

    private static void jpeg(Path file, Image image) throws IOException {
        Files.createDirectories(file.getParent());
        Files.write(file, ImageEncoder.jpeg(image));
    }

    private static EmbeddingSet set(Path images, String name, Optional<Path> like) throws IOException {
        return new CopyEmbedding(new ImageFolder(images), images.toString(), like, 2, 0)
                .run(dir.resolve(name), VectorType.FLOAT32, false, Progress.SILENT);
    }

    private StageSummary run(Path out, Optional<EmbeddingSet> against, boolean verify) throws IOException {
        return new DedupStage(pool, against, DedupRule.usual(pool, verify))
                .run(out, BlocksOf.LOCAL, false, Progress.SILENT);
    }

    @Test
    void copiesGoAndTheBestStays() throws IOException {
        Path out = dir.resolve("dedup");
        StageSummary done = run(out, Optional.empty(), true);
        assertEquals(ORIGINALS + 4, done.in());
        assertEquals(ORIGINALS, done.out());
        assertEquals(1, done.values().get("exact"));
        assertEquals(3, done.values().get("near"));
        assertEquals(3, done.values().get("largest_group"));
        EmbeddingSet kept = EmbeddingSet.open(out);
        for (int i = 0; i < kept.size(); i++) {
            assertTrue(
                    kept.source().name(i).endsWith("a %02d.png".formatted(i)),
                    kept.source().name(i));
        }
        float[] before = new float[pool.vectors().dimension()];
        float[] after = new float[before.length];
        pool.vectors().read(5, 1, before);
        kept.vectors().read(5, 1, after);
        assertArrayEquals(before, after);
        kept.requireComparable(benchmark);
        List<String> csv = Files.readAllLines(out.resolve("removed.csv"));
        assertEquals("row,image,reason,copy_of,similarity", csv.get(0));
        assertEquals(5, csv.size());
        assertTrue(csv.get(1).matches("12,\".*00, \"\"mirrored\"\".jpg\",near,\".*a 00.png\",0\\..*"), csv.get(1));
        assertTrue(csv.get(4).matches("15,\".*same as 02.png\",exact,\".*a 02.png\",1.00000"), csv.get(4));
        assertTrue(Files.readString(out.resolve("report.html")).contains("Removed copies"));
        try (Stream<Path> files = Files.list(out)) {
            assertEquals(
                    List.of(
                            "descriptor.bin",
                            "images.parquet",
                            "removed.csv",
                            "report.html",
                            "stage.json",
                            "summary.json",
                            "unreadable.txt",
                            "vectors.bin"),
                    files.map(f -> f.getFileName().toString()).sorted().toList());
        }
    }

    @Test
    void whatResemblesTheBenchmarkGoesWithItsCopies() throws IOException {
        Path out = dir.resolve("against");
        StageSummary done = run(out, Optional.of(benchmark), true);
        assertEquals(4, done.values().get("benchmark"), "a 00 and two copies, a 03: " + done);
        assertEquals(ORIGINALS - 2, done.out());
        String csv = Files.readString(out.resolve("removed.csv"));
        assertTrue(csv.contains("v0.jpg") && csv.contains("v1.png") && !csv.contains("v2.png"), csv);
        assertFalse(Files.exists(out.resolve("against")));
    }

    @Test
    void theSameSearchGivesTheSameFilesAndKeepsWhatIsDone() throws IOException {
        Path one = dir.resolve("one");
        Path two = dir.resolve("two");
        run(one, Optional.of(benchmark), true);
        run(two, Optional.of(benchmark), true);
        for (String file : List.of("images.parquet", "removed.csv", "vectors.bin", "summary.json", "stage.json")) {
            assertArrayEquals(Files.readAllBytes(one.resolve(file)), Files.readAllBytes(two.resolve(file)), file);
        }
        run(one, Optional.of(benchmark), true);
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> run(one, Optional.of(benchmark), false));
        assertTrue(e.getMessage().contains("one: made with") && e.getMessage().contains("--force"), e.getMessage());
    }

    @Test
    void withoutALookAtTheImagesTheVectorsDecide() throws IOException {
        StageSummary done = run(dir.resolve("vectors"), Optional.empty(), false);
        assertEquals(1, done.values().get("exact"));
        assertTrue((int) done.values().get("near") >= 1, done.toString());
        assertEquals(false, done.values().get("verified"));
        String warning = String.valueOf(done.values().get("warning"));
        assertTrue(warning.contains("pool.copies") && warning.contains("fewer than 256 images, here 16"), warning);
    }

    @Test
    void allClustersFindWhatAnExactSearchFindsAndAreAnotherSetting() throws IOException {
        Path exact = dir.resolve("exact");
        Path cells = dir.resolve("cells");
        DedupRule rule = DedupRule.usual(pool, false).withThreshold(0.3f).withBenchmarkThreshold(0.3f);
        SearchRule all = new SearchRule(SearchRule.Method.CELLS, 4, 7);
        StageSummary one = stage(rule).run(exact, BlocksOf.LOCAL, false, Progress.SILENT);
        StageSummary two = stage(rule.withSearch(all)).run(cells, BlocksOf.LOCAL, false, Progress.SILENT);
        assertEquals("exact", one.values().get("search"));
        assertEquals("within the 4 nearest of 4 clusters, seed 7", two.values().get("search"));
        assertEquals("within the 2 nearest of 2 clusters, seed 7", two.values().get("benchmark_search"));
        assertTrue(one.out() < one.in() - 1, "there is something to find: " + one);
        for (String file : List.of("images.parquet", "removed.csv", "vectors.bin")) {
            assertArrayEquals(Files.readAllBytes(exact.resolve(file)), Files.readAllBytes(cells.resolve(file)), file);
        }
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class, () -> stage(rule).run(cells, BlocksOf.LOCAL, false, Progress.SILENT));
        assertTrue(e.getMessage().contains("benchmark_search = within the 2 nearest"), e.getMessage());
    }

    private DedupStage stage(DedupRule rule) {
        return new DedupStage(pool, Optional.of(benchmark), rule);
    }

    @Test
    void nothingLeftIsAnError() throws IOException {
        Path out = dir.resolve("nothing");
        DedupStage stage = new DedupStage(pool, Optional.of(pool), DedupRule.usual(pool, true));
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class, () -> stage.run(out, BlocksOf.LOCAL, false, Progress.SILENT));
        assertTrue(e.getMessage().contains("nothing of") && e.getMessage().contains("pool.copies"), e.getMessage());
        assertFalse(Files.exists(out));
        assertFalse(Files.exists(dir.resolve("nothing.draft")));
    }

    @Test
    void numbersOutOfRangeAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new DedupRule(0, 0.5f, 0.5f, true, SearchRule.usual(0)));
        assertThrows(
                IllegalArgumentException.class, () -> new DedupRule(1, Float.NaN, 0.5f, true, SearchRule.usual(0)));
        assertThrows(IllegalArgumentException.class, () -> new DedupRule(1, 0.5f, 1.5f, true, SearchRule.usual(0)));
    }
}
