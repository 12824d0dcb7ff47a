package io.dino4j.benchmarks;

import java.util.List;

/** One comparison. */
interface Line {
    /** What {@code --only} calls it. */
    String name();

    /** What it compares, in a few words. */
    String title();

    /**
     * Measures.
     *
     * @throws LineFailure if that is not possible; other lines go on
     */
    List<Row> measure(Setting setting) throws LineFailure;
}
