package io.dino4j.train.cluster.wire;

/**
 * Shared memory between processes that use the same media driver, see {@link Wire#shared}.
 *
 * @param stream 0 to 65535; one server has one
 */
public record Ipc(int stream) implements Address {
    static final String SCHEME = "ipc:";
    private static final int MOST = 65_535;

    /**
     * An address in shared memory.
     *
     * @throws IllegalArgumentException if the stream is out of range
     */
    public Ipc {
        if (stream < 0 || stream > MOST) {
            throw new IllegalArgumentException(
                    "there is no stream ipc:%d; name one from 0 to %d".formatted(stream, MOST));
        }
    }

    static Ipc parse(String text) {
        String stream = text.substring(SCHEME.length());
        if (!stream.matches("\\d{1,9}")) {
            throw new IllegalArgumentException(
                    "%s is no address; write ipc: and a number, such as ipc:0".formatted(text));
        }
        return new Ipc(Integer.parseInt(stream));
    }

    @Override
    public boolean isLoopback() {
        return true;
    }

    @Override
    public String toString() {
        return SCHEME + stream;
    }
}
