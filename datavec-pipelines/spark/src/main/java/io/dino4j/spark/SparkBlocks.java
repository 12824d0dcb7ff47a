package io.dino4j.spark;

import io.dino4j.data.vector.ArrayVectors;
import io.dino4j.data.vector.Block;
import io.dino4j.data.vector.BlockMemory;
import io.dino4j.data.vector.BlockTask;
import io.dino4j.data.vector.Blocks;
import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.SparkException;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.storage.StorageLevel;

/**
 * Blocks of vectors on a cluster. The borders of partitions are borders of blocks, and merging does not depend on order: results have the
 * bits of {@link io.dino4j.data.vector.LocalBlocks}, whatever executors there are and whichever of them is lost. Executors keep what fits
 * into their storage memory and spill the rest to their disks.
 */
public final class SparkBlocks implements Blocks, AutoCloseable {
    private final JavaRDD<BlockRows> blocks;
    private final int size;
    private final int dimension;

    /**
     * Rows of one block, as they travel.
     *
     * @param first index of the first row, a multiple of {@link Block#ROWS}
     * @param rows {@code [count, D]}
     */
    record BlockRows(int first, float[] rows) implements Serializable {}

    /**
     * Blocks of an RDD.
     *
     * @param blocks each block once, in any order
     */
    SparkBlocks(JavaRDD<BlockRows> blocks, int size, int dimension) {
        this.blocks = blocks.persist(StorageLevel.MEMORY_AND_DISK());
        this.size = size;
        this.dimension = dimension;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public int dimension() {
        return dimension;
    }

    @Override
    public <R extends Serializable> R reduce(BlockTask<R> task) {
        if (size == 0) {
            return task.zero();
        }
        Broadcast<BlockTask<R>> shared = JavaSparkContext.fromSparkContext(blocks.context()).broadcast(task);
        int d = dimension;
        try {
            return blocks.mapPartitions(rows -> List.of(work(shared.value(), rows, d)).iterator())
                    .treeReduce((left, right) -> shared.value().merge(left, right));
        } catch (Exception e) { // Scala throws checked ones undeclared
            throw unchecked(e);
        } finally {
            shared.destroy();
        }
    }

    private static <R extends Serializable> R work(BlockTask<R> task, Iterator<BlockRows> blocks, int dimension) {
        R result = task.zero();
        try (BlockMemory memory = new BlockMemory()) {
            while (blocks.hasNext()) {
                BlockRows block = blocks.next();
                task.add(Block.alone(block.first(), new ArrayVectors(block.rows(), dimension), memory), result);
            }
        }
        return result;
    }

    /** What a task threw is what local blocks would have thrown. */
    private static RuntimeException unchecked(Exception e) {
        if (e instanceof SparkException && e.getCause() instanceof RuntimeException cause) {
            return cause;
        }
        return e instanceof RuntimeException r ? r : new IllegalStateException(e.getMessage(), e);
    }

    /** Executors may forget the rows. */
    @Override
    public void close() {
        blocks.unpersist(false);
    }
}
