package io.dino4j.spark;

import io.dino4j.data.vector.Block;
import io.dino4j.data.vector.BlockMemory;
import io.dino4j.data.vector.BlockTask;
import io.dino4j.data.vector.Blocks;
import io.dino4j.data.vector.VectorFile;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.SparkException;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.serializer.JavaSerializer;
import org.apache.spark.sql.SparkSession;
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

    private SparkBlocks(JavaRDD<BlockRows> blocks, int size, int dimension) {
        String serializer = blocks.context().getConf().get("spark.serializer", JavaSerializer.class.getName());
        if (!serializer.equals(JavaSerializer.class.getName())) {
            throw new IllegalArgumentException("spark.serializer is %s; results of tasks are records, which need %s"
                    .formatted(serializer, JavaSerializer.class.getName()));
        }
        this.blocks = blocks;
        this.size = size;
        this.dimension = dimension;
    }

    /**
     * Blocks of an RDD; kept on the executors until closed.
     *
     * @param blocks each block once, in any order
     */
    static SparkBlocks kept(JavaRDD<BlockRows> blocks, int size, int dimension) {
        return new SparkBlocks(blocks.persist(StorageLevel.MEMORY_AND_DISK()), size, dimension);
    }

    /**
     * Blocks of a file on a disk that all executors share; each maps the parts it works on.
     *
     * @param spark the session
     * @param vectors the file, at the path that executors see
     * @param partitions tasks of a pass, 1 or more; not more than there are blocks are used
     */
    public static SparkBlocks shared(SparkSession spark, VectorFile vectors, int partitions) {
        String file = vectors.file().toAbsolutePath().toString();
        int count = (int) (((long) vectors.size() + Block.ROWS - 1) / Block.ROWS);
        List<BlockRows> blocks = IntStream.range(0, count)
                .<BlockRows>mapToObj(i -> new BlockRows.Shared(file, i * Block.ROWS))
                .toList();
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        int tasks = Math.max(1, Math.min(partitions, count));
        return new SparkBlocks(context.parallelize(blocks, tasks), vectors.size(), vectors.dimension());
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
        Broadcast<BlockTask<R>> shared =
                JavaSparkContext.fromSparkContext(blocks.context()).broadcast(task);
        try {
            return blocks.mapPartitions(
                            rows -> List.of(work(shared.value(), rows)).iterator())
                    .treeReduce((left, right) -> shared.value().merge(left, right));
        } catch (Exception e) { // Scala throws checked ones undeclared
            throw unchecked(e);
        } finally {
            shared.destroy();
        }
    }

    private static <R extends Serializable> R work(BlockTask<R> task, Iterator<BlockRows> blocks) {
        R result = task.zero();
        try (BlockMemory memory = new BlockMemory()) {
            while (blocks.hasNext()) {
                task.add(blocks.next().block(memory), result);
            }
        }
        return result;
    }

    /** What a task threw is what work on this machine would have thrown. */
    static RuntimeException thrown(Exception e) throws IOException {
        Throwable cause = e instanceof SparkException && e.getCause() != null ? e.getCause() : e;
        if (cause instanceof IOException io) {
            throw io;
        }
        return cause instanceof RuntimeException r ? r : new IllegalStateException(cause.getMessage(), e);
    }

    private static RuntimeException unchecked(Exception e) {
        try {
            return thrown(e);
        } catch (IOException io) {
            return new UncheckedIOException(io.getMessage(), io);
        }
    }

    /** Executors may forget the rows. */
    @Override
    public void close() {
        blocks.unpersist(false);
    }
}
