package io.dino4j.train.cluster.server;

import io.dino4j.train.cluster.message.StateVector;
import io.dino4j.train.optim.Shard;
import java.util.EnumMap;
import java.util.Map;

/** Which parts of a state have come while it is loaded. */
final class Loading {
    private final Shard shard;
    private final Map<StateVector, Spans> parts = new EnumMap<>(StateVector.class);

    Loading(Shard shard) {
        this.shard = shard;
    }

    boolean isOpen() {
        return !parts.isEmpty();
    }

    void begin() {
        for (StateVector v : StateVector.values()) {
            parts.put(v, new Spans());
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
            if (spans.covered() != shard.length()) {
                throw new IllegalArgumentException(
                        "%d of %d floats of %s were loaded".formatted(spans.covered(), shard.length(), vector));
            }
        });
        close();
    }

    void close() {
        parts.clear();
    }
}
