package io.dino4j.train.cluster.wire;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.IdleStrategy;

/**
 * Waits for work: a few rounds at once, then sleeps of 20 us while an answer may still be near (10 ms), of 1 ms for 0.2 s, of 5 ms
 * after that. The processors are shared with the training, so nobody spins; an exchange that is under way waits some 0.1 ms.
 */
final class Patience implements IdleStrategy {
    private static final int EAGER = 10;
    private static final int YIELDING = 20;
    private static final long NEAR_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final long SHORT_NANOS = TimeUnit.MICROSECONDS.toNanos(20);
    private static final long SOON_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long LONG_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

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
            long asleep = System.nanoTime() - asleepSince;
            LockSupport.parkNanos(asleep < NEAR_NANOS ? SHORT_NANOS : asleep < SOON_NANOS ? LONG_NANOS : IDLE_NANOS);
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
