package io.dino4j.train.cluster.server;

import io.dino4j.train.cluster.message.StateVector;
import java.util.EnumMap;
import java.util.Map;

/** Which parts of a state have come while it is loaded. */
final class Loading {
    private final Plan plan;
    private final Map<StateVector, Spans> parts = new EnumMap<>(StateVector.class);

    Loading(Plan plan) {
        this.plan = plan;
    }

    boolean isOpen() {
        return !parts.isEmpty();
    }

    void begin() {
        for (StateVector v : StateVector.values()) {
            if (plan.length(v) > 0) {
                parts.put(v, new Spans());
            }
        }
    }

    void add(StateVector vector, long offset, int count) {
        parts.get(vector).add(offset, offset + count, (from, to) -> {});
    }

    /**
     * Ends it.
     *
     * @throws IllegalArgumentException if something is missing
     */
    void end() {
        parts.forEach((vector, spans) -> {
            if (spans.covered() != plan.length(vector)) {
                throw new IllegalArgumentException(
                        "%d of %d floats of %s were loaded".formatted(spans.covered(), plan.length(vector), vector));
            }
        });
        close();
    }

    void close() {
        parts.clear();
    }
}
