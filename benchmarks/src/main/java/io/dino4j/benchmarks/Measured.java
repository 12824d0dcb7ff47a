package io.dino4j.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * What was measured of one subject.
 *
 * @param name what people call it
 * @param seconds of every run, in order
 * @param busyProcessors processors that were busy in a run, on average: its threads, if they all work
 * @param allocatedBytes of Java objects allocated by the calling thread in a run, on average
 * @param facts what the subject says of itself
 */
record Measured(String name, List<Double> seconds, double busyProcessors, double allocatedBytes, ObjectNode facts) {
    /** The middle run's seconds, or the mean of the middle two. */
    double median() {
        List<Double> sorted = seconds.stream().sorted().toList();
        int n = sorted.size();
        return (sorted.get((n - 1) / 2) + sorted.get(n / 2)) / 2;
    }

    /** Most memory that the process had resident from its start to its end, code and Java machine included. */
    long peakBytes() {
        return facts.path("peak_resident_bytes").asLong();
    }

    /** Most memory that the process had resident after the warm-up: without what it takes to load and compile. */
    long runningPeakBytes() {
        return facts.path("running_peak_resident_bytes").asLong();
    }

    /** Bytes of the intermediate arrays of a plan. */
    long planBytes() {
        return facts.path("plan_bytes").asLong();
    }

    ObjectNode toJson() {
        ObjectNode node = new ObjectMapper().createObjectNode();
        node.put("seconds_median", median());
        node.put("seconds_min", seconds.stream().min(Double::compare).orElseThrow());
        node.put("seconds_max", seconds.stream().max(Double::compare).orElseThrow());
        node.put("runs", seconds.size());
        node.put("busy_processors", busyProcessors);
        node.put("java_bytes_allocated_per_run", allocatedBytes);
        node.setAll(facts);
        return node;
    }
}
