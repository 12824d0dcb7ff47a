package io.dino4j.examples.benchmark;

import io.dino4j.graph.kernel.onednn.CopyPeak;
import io.dino4j.graph.kernel.onednn.GemmPeak;
import java.util.Optional;

/**
 * What the machine can do, measured in the same run and with the same threads as what is held against it.
 *
 * @param gemm floating-point operations a second of the fastest matrix product
 * @param copy bytes a second, read and written, of the fastest memory copy
 */
record Roofs(double gemm, double copy) {
    private static final double GIGA = 1e9;

    /** Measures; empty where oneDNN does not load. */
    static Optional<Roofs> measure() {
        try {
            return Optional.of(new Roofs(GemmPeak.measure() * GIGA, CopyPeak.measure()));
        } catch (LinkageError e) {
            return Optional.empty();
        }
    }

    /** The higher of both, roof by roof. */
    Roofs or(Roofs other) {
        return new Roofs(Math.max(gemm, other.gemm), Math.max(copy, other.copy));
    }
}
