package io.dino4j.data.vector;

import java.io.Serializable;
import java.util.function.IntUnaryOperator;

/** Blocks of vectors on this machine, shared out among threads. */
public final class LocalBlocks implements Blocks {
    private final Vectors vectors;
    private final int threads;
    private final IntUnaryOperator order;

    /**
     * Blocks of vectors.
     *
     * @param vectors the rows
     * @param threads at least 1; each takes the memory of a task's result
     */
    public LocalBlocks(Vectors vectors, int threads) {
        this(vectors, threads, IntUnaryOperator.identity());
    }

    /** In another order, a permutation of the blocks' numbers. */
    LocalBlocks(Vectors vectors, int threads, IntUnaryOperator order) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads must be 1 or more, got " + threads);
        }
        this.vectors = vectors;
        this.threads = threads;
        this.order = order;
    }

    /**
     * With as many threads as there are processors.
     *
     * @param vectors the rows
     */
    public static LocalBlocks of(Vectors vectors) {
        return new LocalBlocks(vectors, Runtime.getRuntime().availableProcessors());
    }

    @Override
    public int size() {
        return vectors.size();
    }

    @Override
    public int dimension() {
        return vectors.dimension();
    }

    @Override
    public <R extends Serializable> R reduce(BlockTask<R> task) {
        int blocks = (int) (((long) size() + Block.ROWS - 1) / Block.ROWS);
        return Workers.run(threads, blocks, new Workers.Job<R>() {
            @Override
            public R zero() {
                return task.zero();
            }

            @Override
            public void add(int i, BlockMemory memory, R result) {
                task.add(Block.of(vectors, order.applyAsInt(i) * Block.ROWS, memory), result);
            }

            @Override
            public R merge(R left, R right) {
                return task.merge(left, right);
            }
        });
    }
}
