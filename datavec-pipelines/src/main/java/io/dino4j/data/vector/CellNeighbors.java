package io.dino4j.data.vector;

import io.dino4j.data.Progress;
import java.util.Map;
import org.bytedeco.javacpp.FloatPointer;

/**
 * Approximate nearest neighbours: every query is compared with the rows of the clusters whose centroids are nearest to it, exactly and as
 * blocked matrix products. The clusters of a k-means are the whole index (an "inverted file"), so there is nothing to build or to keep
 * beside them; the more clusters are looked at, the fewer neighbours are missed. What is found has its exact similarity.
 */
public final class CellNeighbors implements NeighborSearch {
    private static final int QUERIES = 256 * NeighborTask.QUERY_TILE; // at a time
    private static final int TILE = 512;

    private final Vectors set;
    private final Clustering cells;
    private final Members members;
    private final int probes;
    private final int k;
    private final float least;
    private final int threads;

    /**
     * A search.
     *
     * @param set {@code [N, D]} to search in
     * @param cells its clusters; about √N of them are a good number
     * @param probes clusters that a query is looked for in, at least 1; all of them make it exact
     * @param k neighbours of a query, at least 1
     * @param least only rows of at least this inner product count; negative infinity for all
     * @param threads at least 1
     */
    public CellNeighbors(Vectors set, Clustering cells, int probes, int k, float least, int threads) {
        if (cells.size() != set.size() || cells.dimension() != set.dimension()) {
            throw new IllegalArgumentException("clusters of %d vectors of %d numbers are no index of %d of %d"
                    .formatted(cells.size(), cells.dimension(), set.size(), set.dimension()));
        }
        if (probes < 1 || k < 1 || threads < 1) {
            throw new IllegalArgumentException(
                    "clusters looked at, neighbours and threads must be 1 or more, got %d, %d and %d"
                            .formatted(probes, k, threads));
        }
        this.set = set;
        this.cells = cells;
        this.members = Members.of(cells);
        this.probes = Math.min(probes, cells.clusters());
        this.k = k;
        this.least = least;
        this.threads = threads;
    }

    @Override
    public Neighbors of(Vectors queries, Progress progress) {
        if (queries.dimension() != set.dimension()) {
            throw new IllegalArgumentException("queries of %d numbers are searched among vectors of %d"
                    .formatted(queries.dimension(), set.dimension()));
        }
        return search(queries, false, progress);
    }

    @Override
    public Neighbors graph(Progress progress) {
        return search(set, true, progress);
    }

    private Neighbors search(Vectors queries, boolean own, Progress progress) {
        Neighbors all = new Nearest(queries.size(), k).neighbors();
        Vectors centroids = new ArrayVectors(cells.centroids(), cells.dimension());
        ExactNeighbors nearestCells = new ExactNeighbors(new LocalBlocks(centroids, threads), probes);
        progress.begin("nearest neighbours", 0, queries.size());
        for (int first = 0; first < queries.size(); first += QUERIES) {
            int count = Math.min(QUERIES, queries.size() - first);
            float[] rows = new float[Math.multiplyExact(count, set.dimension())];
            queries.read(first, count, rows);
            Neighbors near = nearestCells.of(new ArrayVectors(rows, set.dimension()), Progress.SILENT);
            Members asked = Members.of(near.index(), new float[0], cells.clusters());
            Part part = new Part(rows, asked, own ? first : -1);
            Nearest found = Workers.run(threads, cells.clusters(), part);
            System.arraycopy(found.neighbors().index(), 0, all.index(), first * k, count * k);
            System.arraycopy(found.neighbors().similarity(), 0, all.similarity(), first * k, count * k);
            progress.advance(first + count, Map.of());
        }
        progress.end();
        return all;
    }

    /** Queries [count, D] against cells; {@code asked} tells which are looked for in which, as numbers {@code query * probes + rank}. */
    private final class Part implements Workers.Job<Nearest> {
        private final float[] queries;
        private final Members asked;
        private final int own;

        Part(float[] queries, Members asked, int own) {
            this.queries = queries;
            this.asked = asked;
            this.own = own;
        }

        @Override
        public Nearest zero() {
            return new Nearest(queries.length / set.dimension(), k);
        }

        @Override
        public void add(int cell, BlockMemory memory, Nearest nearest) {
            int[] wanted = asked.of(cell);
            int[] rows = members.of(cell);
            if (wanted.length == 0) {
                return;
            }
            int d = set.dimension();
            float[] copy = new float[TILE * d];
            float[] values = new float[TILE * TILE];
            FloatPointer query = memory.scratch("queries", copy.length);
            FloatPointer row = memory.scratch("rows", copy.length);
            FloatPointer product = memory.scratch("product", values.length);
            for (int r = 0; r < rows.length; r += TILE) {
                int n = Math.min(TILE, rows.length - r);
                gatherRows(rows, r, n, copy);
                row.put(copy, 0, n * d);
                for (int q = 0; q < wanted.length; q += TILE) {
                    int m = Math.min(TILE, wanted.length - q);
                    for (int i = 0; i < m; i++) {
                        System.arraycopy(queries, wanted[q + i] / probes * d, copy, i * d, d);
                    }
                    query.put(copy, 0, m * d);
                    memory.product(query, m, row, n, d, product);
                    product.get(values, 0, m * n);
                    for (int i = 0; i < m; i++) {
                        choose(values, i * n, rows, r, n, wanted[q + i] / probes, nearest);
                    }
                }
            }
        }

        private void gatherRows(int[] rows, int from, int n, float[] to) {
            float[] one = new float[set.dimension()];
            for (int i = 0; i < n; i++) {
                set.read(rows[from + i], 1, one);
                System.arraycopy(one, 0, to, i * one.length, one.length);
            }
        }

        private void choose(float[] values, int at, int[] rows, int from, int n, int query, Nearest nearest) {
            int self = own < 0 ? -1 : own + query;
            float bar = Math.max(least, nearest.worst(query));
            for (int j = 0; j < n; j++) {
                if (values[at + j] >= bar && rows[from + j] != self) {
                    nearest.offer(query, rows[from + j], values[at + j]);
                    bar = Math.max(least, nearest.worst(query));
                }
            }
        }

        @Override
        public Nearest merge(Nearest left, Nearest right) {
            left.merge(right);
            return left;
        }
    }
}
