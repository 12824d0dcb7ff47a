package io.dino4j.train.cluster.message;

/** The largest a message and its parts may be. */
public final class Limits {
    /** Bytes of numbers in one message. */
    public static final int PAYLOAD = 1 << 20;

    /** Bytes of a message. */
    public static final int FRAME = PAYLOAD + 1024;

    /** Floats in one message, and gradients that one message stands for, however they are packed. */
    public static final int FLOATS = PAYLOAD / Float.BYTES;

    /** Doubles in one message. */
    public static final int DOUBLES = PAYLOAD / Double.BYTES;

    /** Bytes of a name or reason in UTF-8. */
    public static final int STRING = 4096;

    /** Bytes of a configuration in UTF-8. */
    public static final int YAML = 1_000_000;

    /** Bytes of the note of a commit. */
    public static final int NOTE = 1 << 16;

    /** Sub-networks of a model. */
    public static final int SUB_NETWORKS = 64;

    /** Snapshots that a server tells of. */
    public static final int SNAPSHOTS = 16;

    private Limits() {}
}
