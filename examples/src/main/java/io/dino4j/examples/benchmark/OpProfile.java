package io.dino4j.examples.benchmark;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dino4j.graph.exec.OpTime;
import io.dino4j.graph.op.Cost;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Time by kind of op.
 *
 * @param lines the most expensive first
 */
record OpProfile(List<Line> lines) {
    private static final double GIGA = 1e9;
    private static final double MILLIS = 1e3;

    /** What holds an op back: of matrix products and memory, the one that takes longer at its peak. */
    enum Roof {
        /** The machine's fastest matrix product. */
        PRODUCT,
        /** The machine's fastest memory copy. */
        MEMORY
    }

    /**
     * All ops of one kind.
     *
     * @param op its name
     * @param count ops of the kind in a run
     * @param millis of all of them in one run
     * @param share of the whole run, 0 to 1
     * @param gflops GFLOP/s of their matrix products; 0 if they have none
     * @param gigabytes GB/s of the memory that they have to move
     * @param roof which of the two matters; empty where the machine's peaks are not known
     * @param ofRoof time at the roof over the time taken; above 1 where caches beat the memory copy
     */
    record Line(
            String op,
            int count,
            double millis,
            double share,
            double gflops,
            double gigabytes,
            Optional<Roof> roof,
            OptionalDouble ofRoof) {
        private ObjectNode toJson() {
            ObjectNode node = JsonNodeFactory.instance.objectNode();
            node.put("op", op).put("count", count).put("millis", millis).put("share", share);
            node.put("gflops", gflops).put("gigabytes_per_second", gigabytes);
            roof.ifPresent(r -> node.put("roof", r.name().toLowerCase(Locale.ROOT)));
            ofRoof.ifPresent(x -> node.put("of_roof", x));
            return node;
        }
    }

    /** One object for every line. */
    ArrayNode toJson() {
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        lines.forEach(l -> array.add(l.toJson()));
        return array;
    }

    /** Sums over all ops of one kind in several runs. */
    private static final class Kind {
        private int count;
        private double seconds;
        private Cost cost = Cost.NONE;
        private double atRoof;
        private double atGemm;

        void add(OpTime time, Optional<Roofs> roofs) {
            count++;
            seconds += time.nanos() / GIGA;
            cost = cost.plus(time.cost());
            roofs.ifPresent(r -> {
                double least = time.cost().leastSeconds(r.gemm(), r.copy());
                atRoof += least;
                atGemm += time.cost().flops() / r.gemm() >= least ? least : 0;
            });
        }

        Line line(String op, int runs, double total, Optional<Roofs> roofs) {
            return new Line(
                    op,
                    count / runs,
                    seconds * MILLIS / runs,
                    seconds / total,
                    cost.flops() / seconds / GIGA,
                    cost.bytes() / seconds / GIGA,
                    roofs.map(r -> 2 * atGemm > atRoof ? Roof.PRODUCT : Roof.MEMORY),
                    roofs.isPresent() ? OptionalDouble.of(atRoof / seconds) : OptionalDouble.empty());
        }
    }

    /**
     * The mean of several runs.
     *
     * @param runs every op of every run
     */
    static OpProfile of(List<List<OpTime>> runs, Optional<Roofs> roofs) {
        Map<String, Kind> kinds = new LinkedHashMap<>();
        runs.forEach(run ->
                run.forEach(t -> kinds.computeIfAbsent(t.op(), k -> new Kind()).add(t, roofs)));
        double total = kinds.values().stream().mapToDouble(k -> k.seconds).sum();
        List<Line> lines = new ArrayList<>();
        kinds.forEach((op, kind) -> lines.add(kind.line(op, runs.size(), total, roofs)));
        lines.sort(Comparator.comparingDouble(Line::millis).reversed());
        return new OpProfile(lines);
    }
}
