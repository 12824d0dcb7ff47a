package io.dino4j.train.optim;

import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A few threads that share out numbered pieces of work; the caller's thread is one of them. Pieces are handed out first
 * come, first served: work must not depend on who does which. An interrupt of the caller waits until the work is done.
 */
public final class Workers implements AutoCloseable {
    /** One numbered piece of work. */
    @FunctionalInterface
    interface Piece {
        /** Does a piece; {@code worker} counts from 0 and names the thread's own buffers. */
        void run(int worker, int piece);
    }

    private static final int GRAB = 4; // pieces taken at a time, to keep the counter out of the way

    private final int threads;
    private final Phaser barrier; // unlike a CyclicBarrier it does not break when the caller is interrupted
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private volatile Piece work;
    private volatile int pieces;
    private volatile boolean closed;

    /**
     * Starts the threads.
     *
     * @param threads how many in all, 1 or more
     */
    public Workers(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads must be 1 or more, got " + threads);
        }
        this.threads = threads;
        this.barrier = new Phaser(threads);
        for (int w = 1; w < threads; w++) {
            int worker = w;
            Thread thread = new Thread(() -> serve(worker), "dino4j-optim-" + w);
            thread.setDaemon(true);
            thread.start();
        }
    }

    /** As many threads as processors, at most 8: the work is bound by memory. */
    public static Workers forThisMachine() {
        return new Workers(Math.min(8, Runtime.getRuntime().availableProcessors()));
    }

    /** How many threads work. */
    public int threads() {
        return threads;
    }

    /** Runs every piece and returns when all are done. */
    synchronized void run(int count, Piece piece) {
        if (closed) {
            throw new IllegalStateException("these workers are closed");
        }
        work = piece;
        pieces = count;
        next.set(0);
        failure.set(null);
        await();
        drain(0);
        await();
        Throwable t = failure.get();
        if (t != null) {
            throw new IllegalStateException("a piece of the update failed", t);
        }
    }

    private void serve(int worker) {
        while (true) {
            await();
            if (closed) {
                return;
            }
            drain(worker);
            await();
        }
    }

    private void drain(int worker) {
        try {
            for (int first = next.getAndAdd(GRAB); first < pieces; first = next.getAndAdd(GRAB)) {
                for (int p = first; p < Math.min(pieces, first + GRAB); p++) {
                    work.run(worker, p);
                }
            }
        } catch (RuntimeException | Error t) {
            failure.compareAndSet(null, t);
            next.set(pieces);
        }
    }

    private void await() {
        barrier.arriveAndAwaitAdvance();
    }

    /** Ends the threads. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            await();
        }
    }
}
