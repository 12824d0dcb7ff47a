package io.dino4j.train;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The memory of a run, by kind.
 *
 * @param bytes kind to bytes, in the order they are told
 */
public record MemoryNeed(Map<String, Long> bytes) {
    /** Keeps the order. */
    public MemoryNeed {
        bytes = Collections.unmodifiableMap(new LinkedHashMap<>(bytes));
    }

    /** All of it, in bytes. */
    public long total() {
        return bytes.values().stream().mapToLong(Long::longValue).sum();
    }

    /** The same with another value for one kind. */
    MemoryNeed with(String kind, long value) {
        Map<String, Long> other = new LinkedHashMap<>(bytes);
        other.put(kind, value);
        return new MemoryNeed(other);
    }
}
