package io.dino4j.data.vector;

import io.dino4j.data.Progress;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Exact nearest neighbours by inner product: every query against every row, as blocked matrix products. For up to a few million vectors:
 * Q queries in N rows of D numbers take {@code 2 Q N D} operations.
 */
public final class ExactNeighbors implements NeighborSearch {
    private static final int QUERIES = 16 * NeighborTask.QUERY_TILE; // in memory at a time

    private final Blocks set;
    private final int k;
    private final float least;

    /**
     * A search.
     *
     * @param set to search in
     * @param k neighbours of a query, at least 1; where the set has fewer, the rest of the lists is empty
     * @param least only rows of at least this inner product count; negative infinity for all
     */
    public ExactNeighbors(Blocks set, int k, float least) {
        if (k < 1) {
            throw new IllegalArgumentException("neighbours must be 1 or more, got " + k);
        }
        this.set = set;
        this.k = k;
        this.least = least;
    }

    /**
     * All rows count.
     *
     * @param set to search in
     * @param k neighbours of a query, at least 1
     */
    public ExactNeighbors(Blocks set, int k) {
        this(set, k, Float.NEGATIVE_INFINITY);
    }

    /** Returns the neighbours of a query. */
    public int k() {
        return k;
    }

    @Override
    public Neighbors of(Vectors queries, Progress progress) {
        if (queries.dimension() != set.dimension()) {
            throw new IllegalArgumentException("queries of %d numbers are searched among vectors of %d"
                    .formatted(queries.dimension(), set.dimension()));
        }
        return search(queries.size(), progress, (first, count) -> {
            float[] rows = new float[count * queries.dimension()];
            queries.read(first, count, rows);
            return new NeighborTask(rows, set.dimension(), k, least, -1);
        });
    }

    @Override
    public Neighbors graph(Progress progress) {
        return search(set.size(), progress, (first, count) -> {
            float[] rows =
                    RowsTask.fetch(set, IntStream.range(first, first + count).toArray());
            return new NeighborTask(rows, set.dimension(), k, least, first);
        });
    }

    private interface Part {
        NeighborTask task(int first, int count);
    }

    private Neighbors search(int queries, Progress progress, Part part) {
        int[] index = new int[Math.multiplyExact(queries, k)];
        float[] similarity = new float[index.length];
        Arrays.fill(index, -1);
        Arrays.fill(similarity, Float.NEGATIVE_INFINITY);
        progress.begin("nearest neighbours", 0, queries);
        for (int first = 0; first < queries; first += QUERIES) {
            int count = Math.min(QUERIES, queries - first);
            Neighbors found = set.reduce(part.task(first, count)).neighbors();
            System.arraycopy(found.index(), 0, index, first * k, count * k);
            System.arraycopy(found.similarity(), 0, similarity, first * k, count * k);
            progress.advance(first + count, Map.of());
        }
        progress.end();
        return new Neighbors(k, index, similarity);
    }
}
