package io.dino4j.zoo.weights;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Bytes that have been taken from the Java heap, whether or not they are free again. */
final class Allocated {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private Allocated() {}

    static long byThisThread() {
        return THREADS.getThreadAllocatedBytes(Thread.currentThread().getId());
    }
}
