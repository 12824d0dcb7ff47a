package io.dino4j.train.config;

/** A configuration that cannot be used. The message is one line: the file, the key, what is wrong, what would be right. */
public final class ConfigException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * A fault of the configuration.
     *
     * @param message one line for the user
     */
    public ConfigException(String message) {
        super(message);
    }

    /**
     * A fault of the configuration with what brought it to light.
     *
     * @param message one line for the user
     * @param cause the underlying failure
     */
    public ConfigException(String message, Throwable cause) {
        super(message, cause);
    }
}
