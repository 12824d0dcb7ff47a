package io.dino4j.train.cluster.wire;

/** Where a server listens. */
public sealed interface Address permits Udp, Ipc {
    /**
     * Reads an address: {@code host:port}, {@code [2001:db8::1]:port}, or {@code ipc:stream} for processes that share a media driver.
     *
     * @param text as a user writes it
     * @throws IllegalArgumentException in one line, if it is none of these
     */
    static Address parse(String text) {
        return text.startsWith(Ipc.SCHEME) ? Ipc.parse(text) : Udp.parse(text);
    }

    /**
     * Whether only processes of this machine reach it. Looks a host name up; one that is not known is not loopback. Shared memory is.
     */
    boolean isLoopback();
}
