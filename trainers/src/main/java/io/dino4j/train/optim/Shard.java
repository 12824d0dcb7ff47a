package io.dino4j.train.optim;

/**
 * A range of the flat parameter vector that one server holds.
 *
 * @param from first element
 * @param to one past the last, above {@code from}
 */
public record Shard(long from, long to) {
    /** Checks that there is something in it. */
    public Shard {
        if (from < 0 || to <= from) {
            throw new IllegalArgumentException(
                    "a shard must be a range of one element or more, got %d to %d".formatted(from, to));
        }
    }

    /** Number of elements. */
    public long length() {
        return to - from;
    }

    /** True if a range lies in this one. */
    public boolean contains(long offset, long count) {
        return offset >= from && count >= 0 && count <= to - offset;
    }
}
