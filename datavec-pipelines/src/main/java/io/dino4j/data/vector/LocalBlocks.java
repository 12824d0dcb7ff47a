package io.dino4j.data.vector;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
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
        AtomicInteger next = new AtomicInteger();
        List<FutureTask<R>> workers = new ArrayList<>();
        for (int i = 0; i < Math.min(threads, blocks); i++) {
            FutureTask<R> worker = new FutureTask<>(() -> work(task, next, blocks));
            workers.add(worker);
            Thread thread = new Thread(worker, "vectors-" + i);
            thread.setDaemon(true);
            thread.start();
        }
        R all = task.zero();
        try {
            for (FutureTask<R> worker : workers) {
                all = task.merge(all, worker.get());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (CancellationException) new CancellationException("interrupted").initCause(e);
        } catch (ExecutionException e) {
            throw unchecked(e.getCause());
        } finally {
            next.set(blocks); // if one failed, the others need not go on
        }
        return all;
    }

    private static RuntimeException unchecked(Throwable cause) {
        if (cause instanceof Error error) {
            throw error;
        }
        return cause instanceof RuntimeException r ? r : new IllegalStateException(cause);
    }

    private <R extends Serializable> R work(BlockTask<R> task, AtomicInteger next, int blocks) {
        R result = task.zero();
        try (BlockMemory memory = new BlockMemory()) {
            for (int i = next.getAndIncrement(); i < blocks; i = next.getAndIncrement()) {
                task.add(Block.of(vectors, order.applyAsInt(i) * Block.ROWS, memory), result);
            }
        }
        return result;
    }
}
