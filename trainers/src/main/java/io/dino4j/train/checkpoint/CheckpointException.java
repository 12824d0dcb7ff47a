package io.dino4j.train.checkpoint;

/** A checkpoint that cannot be written or used. The message is one line: the folder or file, and why. */
public final class CheckpointException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * A fault of a checkpoint.
     *
     * @param message one line for the user
     */
    public CheckpointException(String message) {
        super(message);
    }

    /**
     * A fault of a checkpoint with what brought it to light.
     *
     * @param message one line for the user
     * @param cause the underlying failure
     */
    public CheckpointException(String message, Throwable cause) {
        super(message, cause);
    }
}
