package io.dino4j.data.image;

import java.io.IOException;

/** A file that is not a whole JPEG or PNG image of an acceptable size. The message is one line: name, then reason. */
public final class UnreadableImageException extends IOException {
    private final String path;
    private final String reason;

    /**
     * Makes the exception.
     *
     * @param path the file, or another name of the picture
     * @param reason what is wrong with it, without the name
     */
    public UnreadableImageException(String path, String reason) {
        super(path + ": " + reason);
        this.path = path;
        this.reason = reason;
    }

    /**
     * Makes the exception for a failure of the file system.
     *
     * @param path the file
     * @param cause why it could not be read
     */
    public UnreadableImageException(String path, IOException cause) {
        this(path, "cannot be read (" + cause.getClass().getSimpleName() + ")");
        initCause(cause);
    }

    /**
     * The file.
     *
     * @return its path or name
     */
    public String path() {
        return path;
    }

    /**
     * What is wrong with it.
     *
     * @return the reason, without the path
     */
    public String reason() {
        return reason;
    }
}
