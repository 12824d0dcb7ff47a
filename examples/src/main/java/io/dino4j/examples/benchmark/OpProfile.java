package io.dino4j.examples.benchmark;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Time by op.
 *
 * @param lines the most expensive first
 */
record OpProfile(List<Line> lines) {
    /**
     * All ops of one name.
     *
     * @param count ops in the graph; 0 for the copies around it
     * @param millis of all of them in one run
     * @param share of the whole run, 0 to 1
     */
    record Line(String op, int count, double millis, double share) {}

    /** The mean of several runs. */
    static OpProfile of(CompiledVit vit, int runs) {
        Map<String, Double> millis = new HashMap<>();
        for (int i = 0; i < runs; i++) {
            vit.profile().forEach((op, nanos) -> millis.merge(op, nanos / 1e6 / runs, Double::sum));
        }
        double total = millis.values().stream().mapToDouble(x -> x).sum();
        List<Line> lines = new ArrayList<>();
        millis.forEach((op, ms) -> lines.add(new Line(op, Collections.frequency(vit.ops(), op), ms, ms / total)));
        lines.sort(Comparator.comparingDouble(Line::millis).reversed());
        return new OpProfile(lines);
    }
}
