package io.dino4j.train.cluster.message;

/** Bytes that are no message, or a message with a value out of range. The text is one line for the log. */
public final class MalformedMessageException extends Exception {
    private static final long serialVersionUID = 1L;

    /**
     * A fault of a message.
     *
     * @param message what is wrong
     */
    public MalformedMessageException(String message) {
        super(message);
    }
}
