package io.dino4j.train.scaling.measure;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;

/** Processor time of the thread that asks: it stands still while others have the processor. */
final class CpuTime {
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final double NANO = 1e-9;

    private CpuTime() {}

    /**
     * Checks that this Java can tell.
     *
     * @throws IllegalStateException if it cannot
     */
    static void require() {
        if (!THREADS.isCurrentThreadCpuTimeSupported() || !THREADS.isThreadCpuTimeEnabled()) {
            throw new IllegalStateException(
                    "this Java does not tell the processor time of threads: nothing is measured");
        }
    }

    /** Seconds so far. */
    static double seconds() {
        return NANO * THREADS.getCurrentThreadCpuTime();
    }
}
