package io.dino4j.data.vector;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Progress;
import java.io.IOException;
import org.junit.jupiter.api.Test;

final class CellNeighborsTest {
    private static final int D = 16;
    private static final int N = 6000;

    private final Vectors set = new ArrayVectors(Rows.planted(N, D, 40, 0.8, 1), D);
    private final Clustering cells = clusters();

    private Clustering clusters() {
        try {
            return new KMeans(KMeansConfig.of(50, 1).withIterations(8), Progress.SILENT).cluster(LocalBlocks.of(set));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void allCellsAreExact() {
        Vectors queries = new ArrayVectors(Rows.planted(900, D, 40, 0.9, 2), D);
        Neighbors want = new ExactNeighbors(LocalBlocks.of(set), 5).of(queries, Progress.SILENT);
        Neighbors got = new CellNeighbors(set, cells, 99, 5, Float.NEGATIVE_INFINITY, 2).of(queries, Progress.SILENT);
        assertArrayEquals(want.similarity(), got.similarity(), 1e-6f);
        assertTrue(got.recall(want) > 0.999);
        Neighbors graph = new CellNeighbors(set, cells, 50, 4, Float.NEGATIVE_INFINITY, 2).graph(Progress.SILENT);
        Neighbors exact = new ExactNeighbors(LocalBlocks.of(set), 4).graph(Progress.SILENT);
        assertArrayEquals(exact.similarity(), graph.similarity(), 1e-6f);
        assertTrue(graph.recall(exact) > 0.999);
    }

    @Test
    void moreCellsMissLess() {
        Neighbors exact = new ExactNeighbors(LocalBlocks.of(set), 5).graph(Progress.SILENT);
        double before = 0;
        for (int probes : new int[] {1, 3, 10}) {
            double recall = new CellNeighbors(set, cells, probes, 5, Float.NEGATIVE_INFINITY, 2)
                    .graph(Progress.SILENT)
                    .recall(exact);
            assertTrue(recall > before, "%d cells: %.3f after %.3f".formatted(probes, recall, before));
            before = recall;
        }
        assertTrue(before > 0.95, "recall " + before);
    }

    @Test
    void threadsChangeNoBitAndTheBarHolds() {
        Neighbors one = new CellNeighbors(set, cells, 4, 6, 0.6f, 1).graph(Progress.SILENT);
        Neighbors three = new CellNeighbors(set, cells, 4, 6, 0.6f, 3).graph(Progress.SILENT);
        assertArrayEquals(one.index(), three.index());
        assertArrayEquals(one.similarity(), three.similarity());
        for (int i = 0; i < one.index().length; i++) {
            assertTrue(one.index()[i] < 0 || one.similarity()[i] >= 0.6f);
            assertTrue(one.index()[i] != i / 6);
        }
    }

    @Test
    void clustersOfOtherVectorsAreRefused() {
        Vectors other = new ArrayVectors(Rows.random(10, D, 1), D);
        assertThrows(IllegalArgumentException.class, () -> new CellNeighbors(other, cells, 1, 1, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> new CellNeighbors(set, cells, 0, 1, 0, 1));
    }
}
