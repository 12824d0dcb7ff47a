package io.dino4j.zoo.weights;

import java.io.IOException;
import java.nio.channels.FileChannel;

/** A weight file that cannot be used. The message is one line: the file, the tensor if one is at fault, and why. */
public final class WeightsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * A fault of a file.
     *
     * @param message one line for the user
     */
    public WeightsException(String message) {
        super(message);
    }

    /**
     * A fault of a file with what brought it to light.
     *
     * @param message one line for the user
     * @param cause the underlying failure
     */
    public WeightsException(String message, Throwable cause) {
        super(message, cause);
    }

    /**
     * Closes the file that the fault was found in.
     *
     * @param channel the open file; null if it did not come to that
     * @return this fault, to be thrown
     */
    WeightsException closing(FileChannel channel) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            addSuppressed(e);
        }
        return this;
    }
}
