package io.dino4j.graph.exec;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A variable of a graph while it is compiled: its shape, where it lies, and from which to which op it is needed. */
final class Value {
    final String name;
    final long[] shape;
    final DataType type;
    /** The value whose memory this one shares, or null. */
    private Value host;
    /** First element within {@link #host}. */
    private long hostOffset;
    /** True if this value replaces what its host held. */
    private boolean inPlace;

    /** Positions of the ops that write it first and read it last; of the hosting value if there is one. */
    private int first = Integer.MAX_VALUE;

    private int last = -1;
    private boolean optional;
    private boolean read;
    private boolean known;
    private boolean outside;
    private INDArray array;

    Value(String name, long[] shape, DataType type, Value host, long hostOffset) {
        this.name = name;
        this.shape = shape;
        this.type = type;
        this.host = host;
        this.hostOffset = hostOffset;
    }

    /** The same values, written once more; {@code host} is the host of the repetition. */
    Value repeated(Value newHost) {
        Value v = new Value(name + "'", shape, type, newHost, hostOffset);
        v.optional = optional;
        v.read = read;
        return v;
    }

    long length() {
        long n = 1;
        for (long d : shape) {
            n *= d;
        }
        return n;
    }

    /** The value whose memory this one shares, or null. */
    Value host() {
        return host;
    }

    /**
     * Moves the value into memory that others need no more.
     *
     * @param offset first element there
     * @param written true if an op writes it there; false if it is there already
     */
    void moveInto(Value owner, long offset, boolean written) {
        host = owner;
        hostOffset = offset;
        inPlace = written;
        owner.usedAt(first);
        owner.usedAt(last);
    }

    /** The value that owns the memory. */
    Value owner() {
        return host == null ? this : host.owner();
    }

    /** First element within the owner's memory. */
    long ownerOffset() {
        return host == null ? 0 : hostOffset + host.ownerOffset();
    }

    void usedAt(int op) {
        Value o = owner();
        o.first = Math.min(o.first, op);
        o.last = Math.max(o.last, op);
    }

    int first() {
        return first;
    }

    int last() {
        return last;
    }

    /** Marks that the op which makes it need not write it if nobody reads it. */
    void markOptional() {
        optional = true;
    }

    /** Marks that an op or a caller wants the content. */
    void markRead() {
        for (Value v = this; v != null; v = v.host) {
            v.read = true;
        }
    }

    boolean isRead() {
        return read;
    }

    /** Marks that the array holds the values already, and always will. */
    void markKnown() {
        known = true;
    }

    boolean isKnown() {
        return known;
    }

    /** Marks that it has an array that is not the arena's, or will get one. */
    void markOutside() {
        outside = true;
    }

    /** True if the op that makes it writes it. */
    boolean isWritten() {
        return (host == null || inPlace) && (read || !optional);
    }

    /** True if it has an array that is not the arena's, or will get one. */
    boolean isOutside() {
        return outside;
    }

    /** Lies where another value does that is written later, outside the arena. */
    void takeArrayOf(Value later) {
        outside = true;
        array = later.array;
    }

    /** True if it needs a place in the arena. */
    boolean isOfArena() {
        return !outside && host == null && isWritten();
    }

    /** True if it is there before the first of {@code ops} ops or after the last. */
    boolean outlasts(int ops) {
        return first < 0 || last >= ops;
    }

    boolean isBound() {
        return array != null;
    }

    /** Gives it an array from outside the arena. */
    void bindOutside(INDArray a) {
        outside = true;
        array = a;
    }

    void bind(INDArray a) {
        array = a;
    }

    INDArray array() {
        return array;
    }
}
