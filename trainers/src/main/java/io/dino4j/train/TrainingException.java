package io.dino4j.train;

/** A run that cannot go on, with a message for the user: what went wrong, where, and what to do. */
public final class TrainingException extends RuntimeException {
    /** With a message of one line. */
    public TrainingException(String message) {
        super(message);
    }

    /** With the cause of it. */
    public TrainingException(String message, Throwable cause) {
        super(message, cause);
    }
}
