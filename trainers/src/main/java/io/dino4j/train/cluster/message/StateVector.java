package io.dino4j.train.cluster.message;

/** The vectors that make up the state of a run. A server holds its range of those that have a float for each parameter. */
public enum StateVector {
    /** The weights that are trained. */
    STUDENT,
    /** Their moving average. */
    TEACHER,
    /** AdamW's first moment. */
    FIRST,
    /** AdamW's second moment. */
    SECOND,
    /**
     * What else a step leaves for the next, such as the centres of the targets: as many floats as {@link Message.Configure} says, from 0 on,
     * all of them at shard 0.
     */
    EXTRAS
}
