package io.dino4j.graph.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;

import java.util.IdentityHashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The rows that matrix products work on at a time. Where all operands have the type that products take, that is all
 * rows at once, and nothing is copied. Else operands are converted in tiles of rows, small enough that the copies stay
 * in cache, and so are results that a product cannot write as they are stored.
 */
final class RowTiles {
    /**
     * Rows of a tile. Products of 256 to 1,024 rows take the same time; at 512 a tile of 1,536 columns is 3 MB, the
     * level-2 caches of two cores hold 4.
     */
    private static final long ROWS = 512;

    private final Program p;
    private final Primitives does;
    private final long rows;
    private final int operands;
    private final long[] starts;
    private final Map<Tensor, Tensor> copies = new IdentityHashMap<>();

    private RowTiles(Program p, long rows, int operands, long tiles) {
        this.p = p;
        this.does = new Primitives(p);
        this.rows = rows;
        this.operands = operands;
        starts = new long[(int) tiles + 1];
        for (int i = 0; i <= tiles; i++) {
            starts[i] = rows * i / tiles;
        }
    }

    /**
     * Tiles for the matrices of an op, which have equally many rows.
     *
     * @param matrices operands and results; null for one that is not wanted
     */
    static RowTiles of(Program p, Tensor... matrices) {
        long rows = 0;
        boolean narrow = false;
        boolean wide = false;
        for (Tensor m : matrices) {
            if (m != null) {
                rows = m.rows();
                narrow |= m.isNarrow();
                wide |= !m.isNarrow();
            }
        }
        int operands = narrow ? p.mixedProducts().operands() : dnnl_f32;
        boolean converts = operands == dnnl_f32 ? narrow : wide;
        return new RowTiles(p, rows, operands, converts ? (rows + ROWS - 1) / ROWS : 1);
    }

    /** Adds the steps of every tile. */
    void each(Consumer<Tile> steps) {
        for (int i = 0; i + 1 < starts.length; i++) {
            steps.accept(new Tile(starts[i], starts[i + 1] - starts[i]));
        }
    }

    /** Rows of the largest tile. */
    private long most() {
        return (rows + starts.length - 2) / (starts.length - 1);
    }

    private Tensor copy(Tensor of, int type) {
        return copies.computeIfAbsent(of, t -> p.scratchOf(type, most(), t.columns()));
    }

    /** Some rows. */
    final class Tile {
        private final long first;
        private final long count;

        private Tile(long first, long count) {
            this.first = first;
            this.count = count;
        }

        /** True for the tile that starts a sum over all rows. */
        boolean isFirst() {
            return first == 0;
        }

        /** The tile's rows of a matrix, as they are stored. */
        Tensor of(Tensor matrix) {
            return count == matrix.rows() ? matrix : matrix.rows(first, count);
        }

        /** Working memory for the tile's rows of a matrix of this type and width, the same in every tile. */
        Tensor room(Tensor matrix) {
            return copy(matrix, matrix.type()).rows(0, count);
        }

        /** The tile's rows of a matrix as an operand. */
        Tensor operand(Tensor matrix) {
            return operand(of(matrix), matrix);
        }

        /** Rows as an operand, in the place of the rows of a matrix of their width, which are no operand themselves. */
        Tensor operand(Tensor rows, Tensor matrix) {
            if (rows.type() == operands) {
                return rows;
            }
            Tensor copy = copy(matrix, operands).rows(0, count);
            does.reorder(rows, copy);
            return copy;
        }

        /** Where a product writes the tile's rows of a matrix; {@link #store} then brings them there. */
        Tensor result(Tensor matrix) {
            return matrix.isNarrow() && operands == dnnl_f32
                    ? copy(matrix, operands).rows(0, count)
                    : of(matrix);
        }

        /** Stores what {@link #result} gave. */
        void store(Tensor matrix) {
            Tensor result = result(matrix);
            if (result.type() != matrix.type()) {
                does.reorder(result, of(matrix));
            }
        }
    }
}
