package io.dino4j.data.curation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Pictures;
import io.dino4j.data.Progress;
import io.dino4j.data.image.Image;
import io.dino4j.data.source.ImageFolder;
import io.dino4j.data.source.ImageSources;
import io.dino4j.data.vector.BalancedSample.Pick;
import io.dino4j.data.vector.KMeansConfig;
import io.dino4j.data.vector.LocalBlocks;
import io.dino4j.data.vector.VectorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Clusters, retrieval and balance on pictures of four colours, one of which most pictures have. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class StagesTest {
    private static final int[][] COLORS = {{220, 30, 30}, {30, 220, 30}, {30, 30, 220}, {200, 200, 20}};
    private static final String[] NAMES = {"red", "green", "blue", "yellow"};
    private static final int[] COUNTS = {200, 20, 20, 20};

    @TempDir
    static Path dir;

    private EmbeddingSet pool;
    private EmbeddingSet curated;
    private ClusterSet clusters;

    @BeforeAll
    void embed() throws IOException {
        Path all = dir.resolve("pool");
        Path some = dir.resolve("curated");
        for (int c = 0; c < COLORS.length; c++) {
            for (int i = 0; i < COUNTS[c]; i++) {
                Pictures.write(all.resolve("%s/%03d.png".formatted(NAMES[c], i)), picture(c, i));
            }
        }
        for (int i = 0; i < 6; i++) {
            Pictures.write(some.resolve("%03d.png".formatted(i)), picture(i % 2 == 0 ? 2 : 3, 1000 + i));
        }
        pool = set(all, "pool.emb");
        curated = set(some, "curated.emb");
        clusters = stage(4, 1).run(dir.resolve("clusters"), BlocksOf.LOCAL, false, Progress.SILENT);
    }

    private static Image picture(int color, int number) {
        SplittableRandom rng = new SplittableRandom(31L * color + number);
        byte[] rgb = new byte[3 * 16];
        int[] base = new int[3];
        for (int c = 0; c < 3; c++) {
            base[c] = Math.max(0, Math.min(255, COLORS[color][c] + rng.nextInt(-25, 26)));
        }
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) base[i % 3];
        }
        return new Image(4, 4, rgb);
    }

    private EmbeddingSet set(Path images, String out) throws IOException {
        Embedding embedding = new Embedding(new ImageFolder(images), new MeanColor(), 16, 2);
        return embedding.run(
                dir.resolve(out),
                embedding.settings("mean colour", "images"),
                VectorType.FLOAT32,
                false,
                Progress.SILENT);
    }

    private ClusterStage stage(int k, int levels) {
        return new ClusterStage(pool, KMeansConfig.of(k, 3), levels);
    }

    private String color(int row) {
        return pool.images().label(row);
    }

    @Test
    void clustersAreTheColorsAndAreReadBackAsTheyWere() throws IOException {
        assertEquals(4, clusters.lowest().clusters());
        Set<String> pairs = new HashSet<>();
        for (int i = 0; i < pool.size(); i++) {
            pairs.add(color(i) + clusters.lowest().assignment()[i]);
            assertTrue(clusters.lowest().similarity()[i] > 0.9);
        }
        assertEquals(4, pairs.size());
        StageSummary summary = StageSummary.of(clusters.folder());
        assertEquals(1.0, summary.values().get("purity"));
        assertEquals(1.0, summary.values().get("nmi"));
        assertEquals(260, summary.in());
        String csv = Files.readString(clusters.folder().resolve("clusters.csv"));
        assertEquals(5, csv.lines().count());
        assertTrue(csv.contains(",200,"), csv);
        String report = Files.readString(clusters.folder().resolve("report.html"));
        assertTrue(report.contains("128 to 255") && report.contains("data:image/jpeg"), "histogram and pictures");
        assertFalse(report.contains("<script"));
    }

    @Test
    void moreClustersThanImagesAreRefused() {
        var e = assertThrows(IllegalArgumentException.class, () -> stage(261, 1));
        assertTrue(e.getMessage().endsWith("260 images do not make 261 clusters; ask for fewer"), e.getMessage());
    }

    @Test
    void aKilledClusteringGoesOnAndEndsInTheSameBytes() throws IOException {
        stage(30, 1).run(dir.resolve("whole"), BlocksOf.LOCAL, false, Progress.SILENT);
        AtomicInteger passes = new AtomicInteger();
        BlocksOf dying = s -> new io.dino4j.data.vector.Blocks() {
            private final LocalBlocks blocks = LocalBlocks.of(s.vectors());

            @Override
            public int size() {
                return blocks.size();
            }

            @Override
            public int dimension() {
                return blocks.dimension();
            }

            @Override
            public <R extends java.io.Serializable> R reduce(io.dino4j.data.vector.BlockTask<R> task) {
                if (passes.incrementAndGet() == 8) {
                    throw new IllegalStateException("killed");
                }
                return blocks.reduce(task);
            }
        };
        Path out = dir.resolve("killed");
        assertThrows(IllegalStateException.class, () -> stage(30, 1).run(out, dying, false, Progress.SILENT));
        assertFalse(Files.exists(out));
        stage(30, 1).run(out, BlocksOf.LOCAL, false, Progress.SILENT);
        for (String file : new String[] {"centroids-1.bin", "assignment-1.parquet", "images.parquet", "summary.json"}) {
            assertArrayEquals(
                    Files.readAllBytes(dir.resolve("whole").resolve(file)),
                    Files.readAllBytes(out.resolve(file)),
                    file);
        }
    }

    @Test
    void theNearestOfEachCuratedImageAreTaken() throws IOException {
        Path out = dir.resolve("near.manifest");
        StageSummary summary = new RetrievalStage(
                        curated, pool, clusters, new RetrievalRule.PerImage(3, -1), 1000, false)
                .run(out, BlocksOf.LOCAL, false, Progress.SILENT);
        assertEquals(18, summary.out());
        assertEquals(0, summary.added());
        assertEquals(pool.size() - 18, summary.leftOut());
        assertEquals(2, summary.values().get("clusters_used"));
        var taken = ImageSources.open(out, line -> {});
        assertEquals(18, taken.size());
        Set<String> names = new HashSet<>();
        for (int i = 0; i < taken.size(); i++) {
            String color = taken.classes().get(taken.label(i));
            assertTrue(color.equals("blue") || color.equals("yellow"), color);
            names.add(taken.name(i));
        }
        assertEquals(18, names.size());
        try (var files = Files.list(out)) {
            assertEquals(5, files.count(), "nothing of the search is left");
        }
    }

    @Test
    void clustersWithCuratedImagesGiveTheirShare() throws IOException {
        Path out = dir.resolve("clusters.manifest");
        StageSummary summary = new RetrievalStage(
                        curated, pool, clusters, new RetrievalRule.PerCluster(15, 3, 0), 1000, true)
                .run(out, BlocksOf.LOCAL, false, Progress.SILENT);
        assertEquals(30, summary.values().get("retrieved"));
        assertEquals(6, summary.added());
        assertEquals(pool.size() - 30, summary.leftOut(), "the curated images are none of the pool");
        assertEquals(36, ImageSources.open(out, line -> {}).size(), "the curated images come first");
        var e = assertThrows(IllegalArgumentException.class, () -> new RetrievalStage(
                        curated, pool, clusters, new RetrievalRule.PerCluster(15, 4, 0), 1000, true)
                .run(dir.resolve("none"), BlocksOf.LOCAL, false, Progress.SILENT));
        assertTrue(e.getMessage().endsWith("no cluster holds 4 curated images or more, the most is 3"), e.getMessage());
        assertFalse(Files.exists(dir.resolve("none.draft")));
    }

    @Test
    void clustersOfAnotherPoolAreRefused() {
        assertThrows(
                IllegalArgumentException.class,
                () -> new RetrievalStage(pool, curated, clusters, new RetrievalRule.PerImage(1, -1), 10, false));
    }

    @Test
    void balancedImagesComeFromAllClustersAlike() throws IOException {
        StageSummary summary =
                new BalanceStage(clusters, 60, Pick.RANDOM, 1).run(dir.resolve("balanced"), false, Progress.SILENT);
        assertEquals(60, summary.out());
        var drawn = ImageSources.open(dir.resolve("balanced"), line -> {});
        int[] counts = new int[4];
        for (int i = 0; i < drawn.size(); i++) {
            counts[drawn.label(i)]++;
        }
        assertArrayEquals(new int[] {15, 15, 15, 15}, counts);
        assertEquals(1.0, (double) summary.values().get("evenness"), 1e-9);
    }

    @Test
    void levelsAreWrittenAndReadBack() throws IOException {
        ClusterSet two = stage(40, 2).run(dir.resolve("levels"), BlocksOf.LOCAL, false, Progress.SILENT);
        assertEquals(2, two.hierarchy().levels().size());
        assertEquals(4, two.hierarchy().levels().get(1).clusters());
        ClusterSet again = ClusterSet.open(dir.resolve("levels"));
        assertArrayEquals(
                two.hierarchy().levels().get(1).assignment(),
                again.hierarchy().levels().get(1).assignment());
    }
}
