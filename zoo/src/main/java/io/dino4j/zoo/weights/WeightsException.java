package io.dino4j.zoo.weights;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.regex.Pattern;

/** A weight file that cannot be used. The message is one line: the file, the tensor if one is at fault, and why. */
public final class WeightsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private static final Pattern CONTROL = Pattern.compile("[\\p{Cntrl}\\u0080-\\u009f\\u2028\\u2029]");

    /**
     * A fault of a file.
     *
     * @param message one line for the user
     */
    public WeightsException(String message) {
        super(oneLine(message));
    }

    /**
     * A fault of a file with what brought it to light.
     *
     * @param message one line for the user
     * @param cause the underlying failure
     */
    public WeightsException(String message, Throwable cause) {
        super(oneLine(message), cause);
    }

    /** Names in a file are whatever its author liked: none may break the line or speak to the terminal. */
    static String oneLine(String text) {
        return CONTROL.matcher(text).replaceAll("?");
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
