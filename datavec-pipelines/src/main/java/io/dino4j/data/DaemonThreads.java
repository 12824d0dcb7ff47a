package io.dino4j.data;

import java.util.concurrent.ThreadFactory;

/**
 * Threads that do not keep the process alive.
 *
 * @param name of each, as it is seen in a thread dump
 */
public record DaemonThreads(String name) implements ThreadFactory {
    @Override
    public Thread newThread(Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        return thread;
    }
}
