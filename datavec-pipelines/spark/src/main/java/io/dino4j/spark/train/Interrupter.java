package io.dino4j.spark.train;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Interrupts work when it is no longer wanted, until the work has ended. Commands have no other handle, and may
 * wait for servers that never come back.
 */
final class Interrupter {
    private static final long POLL_MS = 100;
    private static final long AGAIN_MS = 3000; // what it closes on its way out is left in peace for so long

    private final BooleanSupplier givenUp;
    private boolean limited; // these three are guarded by this
    private long deadline;
    private boolean over;

    /**
     * Interrupts nobody yet.
     *
     * @param givenUp whether Spark has given the task up
     */
    Interrupter(BooleanSupplier givenUp) {
        this.givenUp = givenUp;
    }

    /** Does work on the calling thread. */
    <T> T guard(Supplier<T> work) {
        Thread worker = Thread.currentThread();
        Thread watch = new Thread(() -> watch(worker), "dino4j-interrupter");
        watch.setDaemon(true);
        watch.start();
        try {
            return work.get();
        } finally {
            end();
        }
    }

    private synchronized void end() {
        over = true;
        notifyAll();
        Thread.interrupted(); // what comes after it is not meant
    }

    /** Gives the work so much time to end by itself. */
    synchronized void endWithin(Duration time) {
        limited = true;
        deadline = System.nanoTime() + time.toNanos();
        notifyAll();
    }

    private synchronized void watch(Thread worker) {
        try {
            while (!over) {
                boolean late = limited && System.nanoTime() - deadline >= 0;
                if (late || givenUp.getAsBoolean()) {
                    worker.interrupt();
                    wait(AGAIN_MS);
                } else {
                    wait(POLL_MS);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
