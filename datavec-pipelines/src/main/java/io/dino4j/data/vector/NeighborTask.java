package io.dino4j.data.vector;

import org.bytedeco.javacpp.FloatPointer;

/**
 * The nearest rows of a set for given queries: a product for every tile of queries and rows, and a choice from it that looks closer only at
 * what is as similar as the worst chosen so far.
 */
public final class NeighborTask implements BlockTask<Nearest> {
    /** Queries in a tile; sets of queries that are searched in parts are cut at multiples of it. */
    public static final int QUERY_TILE = 512;

    private static final int ROW_TILE = 1024;
    private static final long serialVersionUID = 1;

    private final float[] queries;
    private final int dimension;
    private final int k;
    private final float least;
    private final int own;

    /**
     * What is the same for all blocks.
     *
     * @param queries {@code [Q, D]}
     * @param dimension D
     * @param k neighbours of a query, at least 1
     * @param least only rows of at least this inner product count; negative infinity for all
     * @param own position in the set of the first query, if they are rows of the set one after another, none of which is its own
     *     neighbour; -1 if they are not
     */
    public NeighborTask(float[] queries, int dimension, int k, float least, int own) {
        if (k < 1) {
            throw new IllegalArgumentException("neighbours must be 1 or more, got " + k);
        }
        this.queries = queries;
        this.dimension = dimension;
        this.k = k;
        this.least = least;
        this.own = own;
    }

    @Override
    public Nearest zero() {
        return new Nearest(queries.length / dimension, k);
    }

    @Override
    public void add(Block block, Nearest nearest) {
        if (block.dimension() != dimension) {
            throw new IllegalArgumentException(
                    "queries of %d numbers are searched among vectors of %d".formatted(dimension, block.dimension()));
        }
        int count = queries.length / dimension;
        BlockMemory memory = block.memory();
        FloatPointer q = memory.constant(queries);
        FloatPointer rows = block.rows();
        int tile = Math.min(QUERY_TILE, count) * Math.min(ROW_TILE, block.count());
        FloatPointer product = memory.scratch("product", tile);
        float[] values = new float[tile];
        for (int from = 0; from < count; from += QUERY_TILE) {
            int m = Math.min(QUERY_TILE, count - from);
            q.position((long) from * dimension);
            for (int row = 0; row < block.count(); row += ROW_TILE) {
                int n = Math.min(ROW_TILE, block.count() - row);
                memory.product(q, m, rows.getPointer((long) row * dimension), n, dimension, product);
                product.get(values, 0, m * n);
                choose(values, from, m, block.first() + row, n, nearest);
            }
        }
    }

    /** Looks through {@code values [m, n]} of m queries and n rows. */
    private void choose(float[] values, int query, int m, int row, int n, Nearest nearest) {
        for (int i = 0; i < m; i++) {
            int end = (i + 1) * n;
            int self = own < 0 ? -1 : own + query + i;
            float bar = Math.max(least, nearest.worst(query + i));
            for (int j = i * n; j < end; j++) {
                if (values[j] >= bar) {
                    int candidate = row + j - i * n;
                    if (candidate != self) {
                        nearest.offer(query + i, candidate, values[j]);
                        bar = Math.max(least, nearest.worst(query + i));
                    }
                }
            }
        }
    }

    @Override
    public Nearest merge(Nearest left, Nearest right) {
        left.merge(right);
        return left;
    }
}
