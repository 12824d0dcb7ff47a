package io.dino4j.data.vector;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import org.bytedeco.javacpp.FloatPointer;

/**
 * The most similar centroid of each row, and the sums of the rows of each. Sums are integers, of numbers times 2^30, so that their order
 * does not matter; a float of magnitude 2^-6 to 1 is kept exactly.
 */
public final class AssignTask implements BlockTask<AssignTask.Assigned> {
    /** What numbers are multiplied with before they are summed. */
    static final float FIXED = 0x1p30f;

    private static final int ROW_TILE = 512;
    private static final int CENTROID_TILE = 1024;
    private static final double LENGTH_TOLERANCE = 0.05; // of the square; rows of one byte a number are off by 1e-4
    private static final long serialVersionUID = 1;

    private final float[] centroids;
    private final int dimension;
    private final boolean sums;

    /**
     * What is the same for all blocks.
     *
     * @param centroids {@code [K, D]} of length 1
     * @param dimension D
     * @param sums whether rows are to be summed; their lengths are checked then
     */
    public AssignTask(float[] centroids, int dimension, boolean sums) {
        this.centroids = centroids;
        this.dimension = dimension;
        this.sums = sums;
    }

    /** Rows of one block. */
    private record Piece(int first, int[] cluster, float[] similarity) implements Serializable {}

    /** What was found so far. */
    public static final class Assigned implements Serializable {
        private static final long serialVersionUID = 1;

        private final long[] sums;
        private final ArrayList<Piece> pieces = new ArrayList<>();

        private Assigned(int sums) {
            this.sums = new long[sums];
        }

        /** Returns {@code [K, D]} sums of the rows of each cluster, times 2^30. */
        long[] sums() {
            return sums;
        }

        /**
         * Copies what was found of each row.
         *
         * @param cluster receives {@code [N]} the most similar centroid, of equals the first
         * @param similarity receives {@code [N]} inner products with it
         */
        public void copy(int[] cluster, float[] similarity) {
            for (Piece p : pieces) {
                System.arraycopy(p.cluster, 0, cluster, p.first, p.cluster.length);
                System.arraycopy(p.similarity, 0, similarity, p.first, p.similarity.length);
            }
        }
    }

    @Override
    public Assigned zero() {
        return new Assigned(sums ? centroids.length : 0);
    }

    @Override
    public void add(Block block, Assigned all) {
        if (block.dimension() != dimension) {
            throw new IllegalArgumentException(
                    "centroids of %d numbers are compared with vectors of %d".formatted(dimension, block.dimension()));
        }
        int k = centroids.length / dimension;
        BlockMemory memory = block.memory();
        FloatPointer c = memory.constant(centroids);
        FloatPointer rows = block.rows();
        Piece piece = new Piece(block.first(), new int[block.count()], new float[block.count()]);
        Arrays.fill(piece.similarity, Float.NEGATIVE_INFINITY);
        int tile = Math.min(ROW_TILE, block.count()) * Math.min(CENTROID_TILE, k);
        FloatPointer product = memory.scratch("product", tile);
        float[] values = new float[tile];
        for (int row = 0; row < block.count(); row += ROW_TILE) {
            int m = Math.min(ROW_TILE, block.count() - row);
            FloatPointer x = rows.getPointer((long) row * dimension);
            for (int from = 0; from < k; from += CENTROID_TILE) {
                int n = Math.min(CENTROID_TILE, k - from);
                memory.product(x, m, c.getPointer((long) from * dimension), n, dimension, product);
                product.get(values, 0, m * n);
                choose(values, row, m, from, n, piece);
            }
        }
        if (sums) {
            sum(block, rows, piece.cluster, all.sums);
        }
        all.pieces.add(piece);
    }

    private static void choose(float[] values, int row, int m, int centroid, int n, Piece piece) {
        for (int i = 0; i < m; i++) {
            float best = piece.similarity[row + i];
            int at = -1;
            int begin = i * n;
            for (int j = begin; j < begin + n; j++) {
                if (values[j] > best) {
                    best = values[j];
                    at = j;
                }
            }
            if (at >= 0) {
                piece.similarity[row + i] = best;
                piece.cluster[row + i] = centroid + at - begin;
            }
        }
    }

    private void sum(Block block, FloatPointer rows, int[] cluster, long[] sums) {
        float[] row = new float[dimension];
        for (int i = 0; i < cluster.length; i++) {
            rows.getPointer((long) i * dimension).get(row);
            double square = 0;
            int base = cluster[i] * dimension;
            for (int j = 0; j < dimension; j++) {
                square += row[j] * row[j];
                sums[base + j] += (int) (row[j] * FIXED);
            }
            if (!(Math.abs(square - 1) <= LENGTH_TOLERANCE)) {
                throw new IllegalArgumentException(
                        "vector %d has length %.3g; k-means on cosine distance wants length 1"
                                .formatted(block.first() + i, Math.sqrt(square)));
            }
        }
    }

    @Override
    public Assigned merge(Assigned left, Assigned right) {
        for (int i = 0; i < left.sums.length; i++) {
            left.sums[i] += right.sums[i];
        }
        left.pieces.addAll(right.pieces);
        return left;
    }
}
