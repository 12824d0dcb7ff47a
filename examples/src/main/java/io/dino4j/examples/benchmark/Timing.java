package io.dino4j.examples.benchmark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * What was measured of one network.
 *
 * @param seconds of every run, in order; at least one
 * @param peakBytes most memory that the process had resident; empty where the system does not tell
 */
record Timing(List<Double> seconds, OptionalLong peakBytes) {
    private static final String SECONDS = "seconds";
    private static final String PEAK = "peak_resident_bytes";

    Timing {
        seconds = List.copyOf(seconds);
    }

    /** The middle run's, or the mean of the middle two. */
    double median() {
        List<Double> sorted = seconds.stream().sorted().toList();
        int n = sorted.size();
        return (sorted.get((n - 1) / 2) + sorted.get(n / 2)) / 2;
    }

    /** The fastest run's. */
    double least() {
        return seconds.stream().min(Double::compare).orElseThrow();
    }

    /** The slowest run's. */
    double most() {
        return seconds.stream().max(Double::compare).orElseThrow();
    }

    /** For another process. */
    ObjectNode toJson() {
        ObjectNode node = new ObjectMapper().createObjectNode();
        seconds.forEach(node.putArray(SECONDS)::add);
        peakBytes.ifPresent(bytes -> node.put(PEAK, bytes));
        return node;
    }

    static Timing fromJson(JsonNode node) {
        List<Double> seconds = new ArrayList<>();
        node.get(SECONDS).forEach(s -> seconds.add(s.asDouble()));
        return new Timing(
                seconds, node.has(PEAK) ? OptionalLong.of(node.get(PEAK).asLong()) : OptionalLong.empty());
    }
}
