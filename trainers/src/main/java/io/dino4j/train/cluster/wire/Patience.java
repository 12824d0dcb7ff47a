package io.dino4j.train.cluster.wire;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.IdleStrategy;

/**
 * Waits for work: a few rounds at once, then sleeps of 20 us for 5 ms, of 1 ms for 0.1 s, of 3 ms for 2 s, and of 10 ms. The processors
 * are shared with the training, so nobody spins; an exchange that is under way waits some 0.1 ms, one after a long step a few ms.
 */
final class Patience implements IdleStrategy {
    private static final int EAGER = 10;
    private static final int YIELDING = 20;
    private static final long MS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long[] SILENCE_NANOS = {5 * MS, 100 * MS, 2000 * MS, Long.MAX_VALUE};
    private static final long[] SLEEP_NANOS = {MS / 50, MS, 3 * MS, 10 * MS};

    private int rounds;
    private long asleepSince;

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
            while (silence > SILENCE_NANOS[stage]) {
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
