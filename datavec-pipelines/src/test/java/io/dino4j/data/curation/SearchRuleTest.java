package io.dino4j.data.curation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Progress;
import io.dino4j.data.vector.ArrayVectors;
import io.dino4j.data.vector.ExactNeighbors;
import io.dino4j.data.vector.LocalBlocks;
import io.dino4j.data.vector.Neighbors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When clusters are searched, and what is kept of a search that is killed. */
final class SearchRuleTest {
    @TempDir
    private Path dir;

    @Test
    void clustersTakeOverAboveTwoHundredThousandImages() {
        SearchRule auto = SearchRule.usual(0);
        assertTrue(auto.isExact(200_000, 200_000));
        assertFalse(auto.isExact(200_001, 200_000));
        assertTrue(auto.isExact(4_000_000, 10_000), "a small benchmark");
        assertFalse(auto.isExact(1L << 31, 1L << 31), "beyond an int");
        assertTrue(new SearchRule(SearchRule.Method.EXACT, 1, 0).isExact(1 << 30, 1 << 30));
        assertFalse(new SearchRule(SearchRule.Method.CELLS, 1, 0).isExact(2, 2));
        assertEquals(1, SearchRule.clusters(1));
        assertEquals(1000, SearchRule.clusters(1_000_000));
        assertEquals("exact", auto.describe(16, 16));
        assertEquals("within the 8 nearest of 1000 clusters, seed 0", auto.describe(1_000_000, 1_000_000));
        assertThrows(IllegalArgumentException.class, () -> new SearchRule(SearchRule.Method.AUTO, 0, 0));
    }

    @Test
    void partsThatAreKeptAreNotSearchedForAgain() throws IOException {
        SplittableRandom rng = new SplittableRandom(4);
        float[] rows = new float[50 * 8];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = (float) rng.nextGaussian();
        }
        ArrayVectors set = new ArrayVectors(rows, 8);
        ExactNeighbors search = new ExactNeighbors(new LocalBlocks(set, 1), 3);
        Neighbors whole = search.of(set, Progress.SILENT);
        AtomicInteger opened = new AtomicInteger();
        SavedNeighbors.Opening opening = () -> {
            opened.incrementAndGet();
            return search;
        };
        Neighbors parts = new SavedNeighbors(dir, 3, 16, opening).of(set, Progress.SILENT);
        assertArrayEquals(whole.index(), parts.index());
        Files.delete(dir.resolve("neighbors-0000003.bin")); // as if killed before the last
        Neighbors again = new SavedNeighbors(dir, 3, 16, opening).of(set, Progress.SILENT);
        assertArrayEquals(whole.index(), again.index());
        new SavedNeighbors(dir, 3, 16, opening).of(set, Progress.SILENT);
        assertEquals(2, opened.get(), "nothing is made ready when all is there");
        Files.write(dir.resolve("neighbors-0000001.bin"), new byte[5]);
        IOException e =
                assertThrows(IOException.class, () -> new SavedNeighbors(dir, 3, 16, opening).of(set, Progress.SILENT));
        assertTrue(e.getMessage().contains("has 5 bytes, but 384 were written"), e.getMessage());
    }
}
