package io.dino4j.examples.benchmark;

import io.dino4j.graph.exec.OpTime;
import java.util.List;

/** A workload as dino4j runs it: compiled. */
interface Compiled extends Subject {
    /** What it is. */
    Summary summary(String preset);

    /** Runs once and measures every op, in order. */
    List<OpTime> profile();

    /** Bytes of intermediate arrays. */
    long bytes();
}
