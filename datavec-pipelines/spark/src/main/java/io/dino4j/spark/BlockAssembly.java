package io.dino4j.spark;

import io.dino4j.data.vector.Block;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.Partitioner;
import scala.Tuple2;

/** Rows that come from anywhere, made blocks: stretches of rows within a block travel by their first row, sorted, and are put together. */
final class BlockAssembly implements Iterator<BlockRows> {
    private final Iterator<Tuple2<Integer, float[]>> stretches;
    private final int size;
    private final int dimension;

    /**
     * Puts stretches together.
     *
     * @param stretches first row and rows {@code [n, D]}, ascending, none across the border of a block
     * @param size of the whole set
     */
    BlockAssembly(Iterator<Tuple2<Integer, float[]>> stretches, int size, int dimension) {
        this.stretches = stretches;
        this.size = size;
        this.dimension = dimension;
    }

    @Override
    public boolean hasNext() {
        return stretches.hasNext();
    }

    @Override
    public BlockRows next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        Tuple2<Integer, float[]> stretch = stretches.next();
        int first = stretch._1() / Block.ROWS * Block.ROWS;
        float[] rows = new float[Math.min(Block.ROWS, size - first) * dimension];
        int done = 0;
        while (true) {
            int at = (stretch._1() - first) * dimension;
            if (at != done) {
                throw new IllegalStateException("row %d %s"
                        .formatted(first + Math.min(at, done) / dimension, at > done ? "is missing" : "comes twice"));
            }
            System.arraycopy(stretch._2(), 0, rows, at, stretch._2().length);
            done += stretch._2().length;
            if (done == rows.length) {
                return new BlockRows.Carried(first, dimension, rows);
            }
            if (!stretches.hasNext()) {
                throw new IllegalStateException("row %d is missing".formatted(first + done / dimension));
            }
            stretch = stretches.next();
        }
    }

    /** Neighbouring rows of one block, as one. */
    static final class Stretches implements Iterator<Tuple2<Integer, float[]>> {
        private final Iterator<Tuple2<Integer, float[]>> rows;
        private final float[] stretch;
        private final int dimension;
        private Tuple2<Integer, float[]> ahead;

        /**
         * Joins rows.
         *
         * @param rows number and numbers of each, best in order
         */
        Stretches(Iterator<Tuple2<Integer, float[]>> rows, int dimension) {
            this.rows = rows;
            this.dimension = dimension;
            this.stretch = new float[Block.ROWS * dimension];
            this.ahead = rows.hasNext() ? rows.next() : null;
        }

        @Override
        public boolean hasNext() {
            return ahead != null;
        }

        @Override
        public Tuple2<Integer, float[]> next() {
            if (ahead == null) {
                throw new NoSuchElementException();
            }
            int first = ahead._1();
            int count = 0;
            do {
                System.arraycopy(ahead._2(), 0, stretch, count * dimension, dimension);
                count++;
                ahead = rows.hasNext() ? rows.next() : null;
            } while (ahead != null && ahead._1() == first + count && ahead._1() % Block.ROWS != 0);
            return new Tuple2<>(first, Arrays.copyOf(stretch, count * dimension));
        }
    }

    /** Partition p of P has the blocks from {@code p B / P} on, B in all. */
    static final class ByBlock extends Partitioner {
        private static final long serialVersionUID = 1;

        private final int blocks;
        private final int partitions;

        ByBlock(int size, int partitions) {
            this.blocks = (int) (((long) size + Block.ROWS - 1) / Block.ROWS);
            this.partitions = Math.max(1, Math.min(partitions, blocks));
        }

        @Override
        public int numPartitions() {
            return partitions;
        }

        @Override
        public int getPartition(Object firstRow) {
            long block = (int) firstRow / Block.ROWS;
            return (int) (block * partitions / blocks);
        }
    }
}
