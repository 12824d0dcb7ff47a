package io.dino4j.graph.kernel.onednn;

import io.dino4j.graph.kernel.KernelThreads;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;

/**
 * A Java loop over the rows of a matrix on as many threads as oneDNN has. Every row is worked on by itself, so the
 * result does not depend on the number of threads.
 */
final class RowLoop implements Runnable {
    /** Below this many elements a second thread costs more than it brings. */
    private static final long WORTH_A_THREAD = 1 << 17;

    private final int first;
    private final int rows;
    private final RowStep[] steps;

    /** What is done with one row. */
    @FunctionalInterface
    interface RowStep {
        /** Works on row {@code r} and touches no other. */
        void row(int r);
    }

    /**
     * A step of a program.
     *
     * @param first first row
     * @param rows number of rows
     * @param steps the body of every thread, see {@link #bodies}
     */
    RowLoop(long first, long rows, RowStep[] steps) {
        this.first = (int) first;
        this.rows = (int) rows;
        this.steps = steps;
    }

    /**
     * The bodies of as many threads as a number of rows is worth; they may serve several loops.
     *
     * @param width elements in a row
     * @param step makes the body of one thread with working memory of its own
     */
    static RowStep[] bodies(long rows, long width, Supplier<RowStep> step) {
        RowStep[] bodies = new RowStep[threads(rows, width)];
        for (int i = 0; i < bodies.length; i++) {
            bodies[i] = step.get();
        }
        return bodies;
    }

    /** The threads that a number of rows is worth. */
    static int threads(long rows, long width) {
        return rows * width < WORTH_A_THREAD ? 1 : (int) Math.min(KernelThreads.count(), rows);
    }

    @Override
    public void run() {
        Future<?>[] others = new Future<?>[steps.length];
        for (int i = 1; i < steps.length; i++) {
            int part = i;
            others[i] = Pool.THREADS.submit(() -> part(part));
        }
        part(0);
        for (int i = 1; i < steps.length; i++) {
            await(others[i]);
        }
    }

    private void part(int i) {
        int end = (int) ((i + 1L) * rows / steps.length);
        for (int r = (int) ((long) i * rows / steps.length); r < end; r++) {
            steps[i].row(first + r);
        }
    }

    private static void await(Future<?> other) {
        try {
            other.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("a row loop failed", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted in a row loop", e);
        }
    }

    /** Started when first needed. */
    private static final class Pool {
        static final ExecutorService THREADS = Executors.newFixedThreadPool(Math.max(1, KernelThreads.all() - 1), r -> {
            Thread t = new Thread(r, "dino4j-rows");
            t.setDaemon(true);
            return t;
        });
    }
}
