package io.dino4j.data.vector;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class KMeansFileTest {
    private static final int D = 6;
    private static final Blocks ROWS = LocalBlocks.of(new ArrayVectors(Rows.random(1500, D, 8), D));

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(ints = {0, 300})
    void aStateGoesOnInTheSameBits(int batch) throws IOException {
        KMeansConfig config = KMeansConfig.of(20, 1).withIterations(8).withBatch(batch);
        Clustering whole = new KMeans(config, Progress.SILENT).cluster(ROWS);
        KMeansFile file = new KMeansFile(folder.resolve("state"), 1500, D, config, 77);
        assertFalse(file.load().isPresent());
        new KMeans(config.withIterations(3), file, Progress.SILENT).cluster(ROWS);
        assertEquals(3, file.load().orElseThrow().iteration());
        Clustering resumed = new KMeans(config, file, Progress.SILENT).cluster(ROWS);
        assertArrayEquals(whole.centroids(), resumed.centroids());
        assertArrayEquals(whole.assignment(), resumed.assignment());
        assertArrayEquals(whole.objective(), resumed.objective());
    }

    @Test
    void otherRunsAndDamageAreNamed() throws IOException {
        Path path = folder.resolve("state");
        KMeansConfig config = KMeansConfig.of(5, 1).withIterations(2);
        new KMeans(config, new KMeansFile(path, 1500, D, config, 1), Progress.SILENT).cluster(ROWS);
        refused(new KMeansFile(path, 1500, D, config, 2), "other vectors");
        refused(new KMeansFile(path, 1500, D, config.withSeed(2), 1), "other settings");
        refused(new KMeansFile(path, 1501, D, config, 1), "other vectors");
        byte[] bytes = Files.readAllBytes(path);
        KMeansFile same = new KMeansFile(path, 1500, D, config, 1);
        for (int length : new int[] {0, 9, 30, bytes.length - 1}) {
            Files.write(path, Arrays.copyOf(bytes, length));
            refused(same, "ends early");
        }
        bytes[20] ^= 64; // of the length of the centroids
        Files.write(path, bytes);
        refused(same, "damaged");
        bytes[0] ^= 1;
        Files.write(path, bytes);
        refused(same, "is not a state");
    }

    private static void refused(KMeansFile file, String why) {
        IOException e = assertThrows(IOException.class, file::load);
        assertTrue(e.getMessage().contains("state") && e.getMessage().contains(why), e.getMessage());
    }
}
