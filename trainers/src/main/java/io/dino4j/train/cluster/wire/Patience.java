package io.dino4j.train.cluster.wire;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.IdleStrategy;

/**
 * Waits for work: a few rounds at once, then sleeps of 20 us for some time, of 1 ms for 0.1 s, of 3 ms for 2 s, and of 10 ms. The processors
 * are shared with the training, so nobody spins, and as waking costs as much as a short message, nobody wakes often for long.
 */
public final class Patience implements IdleStrategy {
    private static final int EAGER = 10;
    private static final int YIELDING = 20;
    private static final long MS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long[] SLEEP_NANOS = {MS / 50, MS, 3 * MS, 10 * MS};

    private final long[] silenceNanos;
    private int rounds;
    private long asleepSince;

    private Patience(long attentiveNanos) {
        silenceNanos = new long[] {attentiveNanos, 100 * MS, 2000 * MS, Long.MAX_VALUE};
    }

    /** For whoever has nothing else to do meanwhile: wakes often for 5 ms. */
    Patience() {
        this(5 * MS);
    }

    /**
     * For whoever takes the processor from those that it waits for: wakes often for 0.4 ms, so that an exchange under way goes on at once, and one
     * after a long step waits a millisecond at most.
     */
    public static Patience considerate() {
        return new Patience(2 * MS / 5);
    }

    /** For whoever nobody waits for: a millisecond at least. */
    static Patience seldom() {
        return new Patience(0);
    }

    @Override
    public void idle(int workCount) {
        if (workCount > 0) {
            reset();
        } else {
            idle();
        }
    }

    @Override
    public void idle() {
        if (rounds < EAGER) {
            rounds++;
            Thread.onSpinWait();
        } else if (rounds < YIELDING) {
            rounds++;
            Thread.yield();
            asleepSince = System.nanoTime();
        } else {
            long silence = System.nanoTime() - asleepSince;
            int stage = 0;
            while (silence > silenceNanos[stage]) {
                stage++;
            }
            LockSupport.parkNanos(SLEEP_NANOS[stage]);
        }
    }

    @Override
    public void reset() {
        rounds = 0;
    }

    @Override
    public String alias() {
        return "patience";
    }
}
