package io.dino4j.data.vector;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;

/** Shares numbered pieces of work out among threads. */
final class Workers {
    private Workers() {}

    /** Work in pieces. Merging is exact, associative and commutative, so that it does not matter which thread takes which piece. */
    interface Job<R> {
        /** The result of no piece. */
        R zero();

        /** Adds piece i. */
        void add(int i, BlockMemory memory, R result);

        /** The result of the pieces of both. */
        R merge(R left, R right);
    }

    static <R> R run(int threads, int pieces, Job<R> job) {
        AtomicInteger next = new AtomicInteger();
        List<FutureTask<R>> workers = new ArrayList<>();
        for (int i = 0; i < Math.min(threads, pieces); i++) {
            FutureTask<R> worker = new FutureTask<>(() -> work(job, next, pieces));
            workers.add(worker);
            Thread thread = new Thread(worker, "vectors-" + i);
            thread.setDaemon(true);
            thread.start();
        }
        try {
            R all = job.zero();
            for (FutureTask<R> worker : workers) {
                all = job.merge(all, worker.get());
            }
            return all;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (CancellationException) new CancellationException("interrupted").initCause(e);
        } catch (ExecutionException e) {
            throw unchecked(e.getCause());
        } finally {
            next.set(pieces); // if one failed, the others need not go on
        }
    }

    private static <R> R work(Job<R> job, AtomicInteger next, int pieces) {
        R result = job.zero();
        try (BlockMemory memory = new BlockMemory()) {
            for (int i = next.getAndIncrement(); i < pieces; i = next.getAndIncrement()) {
                job.add(i, memory, result);
            }
        }
        return result;
    }

    private static RuntimeException unchecked(Throwable cause) {
        if (cause instanceof Error error) {
            throw error;
        }
        return cause instanceof RuntimeException r ? r : new IllegalStateException(cause);
    }
}
