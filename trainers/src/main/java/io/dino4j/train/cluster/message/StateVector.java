package io.dino4j.train.cluster.message;

/** The vectors that make up the state of a run; a server holds its range of each. */
public enum StateVector {
    /** The weights that are trained. */
    STUDENT,
    /** Their moving average. */
    TEACHER,
    /** AdamW's first moment. */
    FIRST,
    /** AdamW's second moment. */
    SECOND
}
