package io.dino4j.benchmarks.subject;

import java.util.Map;

/** Something that can be run again and again, ready to run. */
interface Subject extends AutoCloseable {
    /** Receives results, array by array, so that they need not be in memory at once. */
    @FunctionalInterface
    interface Results {
        /** Takes an array; it may be changed afterwards. */
        void put(String name, float[] values);
    }

    /** Runs once. */
    void run();

    /** What a user does between two runs but nobody wants to measure. */
    default void between() {}

    /** Runs once and hands over what came out, to be compared with that of others; nothing by default. */
    default void results(Results to) {}

    /** What is known before the first run, by name: versions, sizes, settings. */
    default Map<String, Object> facts() {
        return Map.of();
    }

    @Override
    default void close() {}
}
