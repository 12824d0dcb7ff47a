package io.dino4j.train.cluster.worker;

/**
 * What a worker does belongs to a view or state that is no more, or a server has been lost: it takes a seat again and goes on with the step that
 * the servers then have.
 */
public final class RegroupException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With the reason, in one line. */
    public RegroupException(String message) {
        super(message);
    }

    /** With the reason, in one line. */
    public RegroupException(String message, Throwable cause) {
        super(message, cause);
    }
}
