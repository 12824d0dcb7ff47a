package io.dino4j.examples.benchmark;

/** A network on its batch, ready to run. */
interface Subject extends AutoCloseable {
    /** Runs the workload once. */
    void run();

    @Override
    void close();
}
