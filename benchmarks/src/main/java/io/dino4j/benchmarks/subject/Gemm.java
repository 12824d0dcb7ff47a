package io.dino4j.benchmarks.subject;

import io.dino4j.graph.Precision;
import io.dino4j.graph.kernel.onednn.GemmPeak;
import java.util.Map;

/** What the processor can do: the fastest matrix product in a precision. */
final class Gemm implements Subject {
    private final Precision precision;
    private double best;

    Gemm(Arguments a) {
        precision = a.precision();
    }

    @Override
    public void run() {
        best = Math.max(best, GemmPeak.measure(precision));
    }

    @Override
    public Map<String, Object> facts() {
        return Map.of("gflops", best);
    }
}
