package io.dino4j.data;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;

/**
 * Numbered things in order, made by threads that are a bounded number of them ahead of the reader. Memory does not grow with their number.
 *
 * @param <T> what is made
 */
public final class ReadAhead<T> implements AutoCloseable {
    private final IntFunction<T> load;
    private final ExecutorService threads;
    private final int end;
    private final int ahead;
    private final Deque<Future<T>> pending = new ArrayDeque<>();
    private long waiting;
    private int next;

    /**
     * Begins to load.
     *
     * @param first number of the first thing
     * @param end number after the last one
     * @param load makes one, on any of the threads
     * @param workers threads, 1 or more
     * @param ahead things that are made or being made at a time, 1 or more
     */
    public ReadAhead(int first, int end, IntFunction<T> load, int workers, int ahead) {
        this.load = load;
        this.end = end;
        this.ahead = ahead;
        next = first;
        threads = Executors.newFixedThreadPool(workers, work -> {
            Thread thread = new Thread(work, "dino4j-read-ahead");
            thread.setDaemon(true);
            return thread;
        });
        fill();
    }

    private void fill() {
        while (pending.size() < ahead && next < end) {
            int index = next++;
            pending.add(threads.submit(() -> load.apply(index)));
        }
    }

    /**
     * The next things, as many as asked for if there are; waits for them.
     *
     * @return in order; empty at the end
     */
    public List<T> next(int most) {
        List<T> things = new ArrayList<>();
        long start = System.nanoTime();
        while (things.size() < most && !pending.isEmpty()) {
            things.add(get(pending.remove()));
            fill();
        }
        waiting += System.nanoTime() - start;
        return things;
    }

    private T get(Future<T> thing) {
        try {
            return thing.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw e.getCause() instanceof RuntimeException r ? r : new IllegalStateException(e.getCause());
        }
    }

    /** Nanoseconds that the reader has waited. */
    public long waiting() {
        return waiting;
    }

    @Override
    public void close() {
        pending.forEach(f -> f.cancel(false));
        threads.shutdown();
    }
}
