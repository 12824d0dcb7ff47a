package io.dino4j.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * One figure of the report. The goal is for the ratio where there is one, else for our value.
 *
 * @param what is measured
 * @param unit of both values
 * @param ours our value
 * @param rival what it is held against
 * @param ratio how the two compare, the better the larger unless the goal says otherwise
 * @param peakShare share of the machine's fastest matrix product in this precision
 * @param memory most memory of our process, bytes
 * @param goal what is wanted
 * @param measured the subjects behind it
 */
record Row(
        String what,
        String unit,
        double ours,
        Optional<Rival> rival,
        OptionalDouble ratio,
        OptionalDouble peakShare,
        OptionalLong memory,
        Optional<Goal> goal,
        List<Measured> measured) {
    /**
     * What ours is held against.
     *
     * @param name of it
     * @param value in the same unit
     * @param memory most memory of its process, bytes; empty where it does not matter
     */
    record Rival(String name, double value, OptionalLong memory) {}

    /** A value by itself. */
    static Row of(String what, String unit, double ours) {
        return new Row(
                what,
                unit,
                ours,
                Optional.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalLong.empty(),
                Optional.empty(),
                List.of());
    }

    Row against(String name, double value, double ratio) {
        return new Row(
                what,
                unit,
                ours,
                Optional.of(new Rival(name, value, OptionalLong.empty())),
                OptionalDouble.of(ratio),
                peakShare,
                memory,
                goal,
                measured);
    }

    /** With the peak memory of both, as far as there are two. */
    Row memory(Measured us, Measured... them) {
        Optional<Rival> with = rival.map(r -> new Rival(
                r.name(), r.value(), them.length == 0 ? OptionalLong.empty() : OptionalLong.of(them[0].peakBytes())));
        List<Measured> all = new ArrayList<>(List.of(us));
        all.addAll(List.of(them));
        return new Row(what, unit, ours, with, ratio, peakShare, OptionalLong.of(us.peakBytes()), goal, all);
    }

    Row ofPeak(double share) {
        return new Row(what, unit, ours, rival, ratio, OptionalDouble.of(share), memory, goal, measured);
    }

    Row wanting(Goal wanted) {
        return new Row(what, unit, ours, rival, ratio, peakShare, memory, Optional.of(wanted), measured);
    }

    /** What the goal is for. */
    double decisive() {
        return ratio.orElse(ours);
    }

    Optional<Boolean> met() {
        return goal.map(g -> g.met(decisive()));
    }

    ObjectNode toJson() {
        ObjectNode node = new ObjectMapper().createObjectNode();
        node.put("what", what);
        node.put("unit", unit);
        node.put("dino4j", ours);
        rival.ifPresent(r -> {
            node.put("rival", r.name());
            node.put("rival_value", r.value());
            r.memory().ifPresent(bytes -> node.put("rival_peak_resident_bytes", bytes));
        });
        ratio.ifPresent(r -> node.put("ratio", r));
        peakShare.ifPresent(s -> node.put("share_of_gemm_peak", s));
        memory.ifPresent(bytes -> node.put("peak_resident_bytes", bytes));
        goal.ifPresent(g -> {
            node.put("wanted", g.toString());
            node.put("met", g.met(decisive()));
        });
        if (!measured.isEmpty()) {
            ObjectNode subjects = node.putObject("subjects");
            measured.forEach(m -> subjects.set(m.name(), m.toJson()));
        }
        return node;
    }
}
