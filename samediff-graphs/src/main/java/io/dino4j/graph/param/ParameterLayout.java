package io.dino4j.graph.param;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where each named parameter of a model lies in one flat vector. Names are the official ones, such as
 * {@code backbone.blocks.0.attn.qkv.weight}; parameters of one sub-network lie next to each other, so that clipping,
 * update, averaging and sharding are passes over ranges.
 */
public final class ParameterLayout {
    /**
     * One parameter.
     *
     * @param name official name, sub-network first
     * @param shape shape in C order; every dimension positive
     * @param offset first element in the flat vector
     */
    public record Entry(String name, long[] shape, long offset) {
        /** Number of elements. */
        public long length() {
            long n = 1;
            for (long d : shape) {
                n *= d;
            }
            return n;
        }
    }

    private final Map<String, Entry> entries;
    private final long length;

    private ParameterLayout(Map<String, Entry> entries, long length) {
        this.entries = Collections.unmodifiableMap(entries);
        this.length = length;
    }

    /**
     * Lays parameters out in the order given.
     *
     * @param shapes name to shape, in order
     */
    public static ParameterLayout of(Map<String, long[]> shapes) {
        Map<String, Entry> entries = new LinkedHashMap<>();
        long offset = 0;
        for (Map.Entry<String, long[]> e : shapes.entrySet()) {
            Entry entry = new Entry(e.getKey(), e.getValue().clone(), offset);
            entries.put(e.getKey(), entry);
            offset += entry.length();
        }
        return new ParameterLayout(entries, offset);
    }

    /** Every parameter, in the order of the vector. */
    public List<Entry> entries() {
        return new ArrayList<>(entries.values());
    }

    /** The names, in the order of the vector. */
    public List<String> names() {
        return new ArrayList<>(entries.keySet());
    }

    /** True if a parameter of this name exists. */
    public boolean contains(String name) {
        return entries.containsKey(name);
    }

    /**
     * One parameter.
     *
     * @throws IllegalArgumentException if there is none of this name
     */
    public Entry get(String name) {
        Entry e = entries.get(name);
        if (e == null) {
            throw new IllegalArgumentException("no parameter is named '%s'".formatted(name));
        }
        return e;
    }

    /** Number of elements of the whole vector. */
    public long length() {
        return length;
    }
}
