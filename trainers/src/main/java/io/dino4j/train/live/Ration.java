package io.dino4j.train.live;

import java.time.Duration;

/**
 * How often the thread that trains makes pictures: only when somebody has asked since the last time, not more often than an interval,
 * and for at most a hundredth of its time.
 */
final class Ration {
    private static final long SHARE = 100;

    private final long interval;
    private volatile boolean asked;
    private boolean spent;
    private long next;

    Ration(Duration interval) {
        this.interval = interval.toNanos();
    }

    /** Somebody looks. Any thread may call. */
    void ask() {
        asked = true;
    }

    /** True if it is time; {@code now} in nanoseconds. */
    boolean isDue(long now) {
        return asked && (!spent || now - next >= 0);
    }

    /** Time was spent, from one moment to another, in nanoseconds. */
    void spend(long from, long to) {
        asked = false;
        spent = true;
        next = to + Math.max(interval, (SHARE - 1) * (to - from));
    }
}
