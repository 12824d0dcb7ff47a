package io.dino4j.train.cluster.wire;

import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** What anybody may send without being asked: counted, and told in at most one line a second. */
final class Noise {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final Consumer<String> log;
    private long total;
    private long untold;
    private String last = "";
    private long toldAt = System.nanoTime() - SECOND;

    Noise(Consumer<String> log) {
        this.log = log;
    }

    synchronized void note(String what) {
        note(what, 1);
    }

    synchronized void note(String what, long times) {
        total += times;
        untold += times;
        last = what;
        tell();
    }

    /** Tells what has been kept back for long enough. */
    synchronized void tell() {
        long now = System.nanoTime();
        if (untold > 0 && now - toldAt >= SECOND) {
            log.accept(untold == 1 ? last : "%s (%d such things)".formatted(last, untold));
            untold = 0;
            toldAt = now;
        }
    }

    synchronized long total() {
        return total;
    }
}
