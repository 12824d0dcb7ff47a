package io.dino4j.train.cluster.server;

import java.util.Map;
import java.util.TreeMap;

/** Which places of a range are there: intervals that do not touch each other. */
final class Spans {
    /** Takes a stretch. */
    @FunctionalInterface
    interface Stretch {
        void accept(long from, long to);
    }

    private final TreeMap<Long, Long> ends = new TreeMap<>();
    private long covered;

    /** Number of places that are there. */
    long covered() {
        return covered;
    }

    /** Adds the places from {@code from} to before {@code to}, and tells of those that were not there, in order. */
    void add(long from, long to, Stretch added) {
        long start = from;
        long end = to;
        long at = from;
        Map.Entry<Long, Long> span = ends.floorEntry(from);
        if (span == null || span.getValue() < from) {
            span = ends.ceilingEntry(from);
        }
        while (span != null && span.getKey() <= to) {
            if (span.getKey() > at) {
                tell(at, span.getKey(), added);
            }
            at = Math.max(at, span.getValue());
            start = Math.min(start, span.getKey());
            end = Math.max(end, span.getValue());
            ends.remove(span.getKey());
            span = ends.higherEntry(span.getKey());
        }
        if (at < to) {
            tell(at, to, added);
        }
        ends.put(start, end);
    }

    private void tell(long from, long to, Stretch added) {
        covered += to - from;
        added.accept(from, to);
    }

    /** All places that are there, in order. */
    void forEach(Stretch stretch) {
        ends.forEach(stretch::accept);
    }
}
