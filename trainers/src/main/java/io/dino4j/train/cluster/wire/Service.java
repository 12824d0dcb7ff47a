package io.dino4j.train.cluster.wire;

import java.nio.ByteBuffer;
import java.util.Optional;

/** What a server does with its clients. All is called by the thread that calls {@link Listener#poll}, and what it throws comes out there. */
public interface Service {
    /**
     * Decides on a client that has shown the key, the server's version, and its config hash if the server has one.
     *
     * @return the reason, in one line, if it is turned away
     */
    default Optional<String> refuse(Hello hello) {
        return Optional.empty();
    }

    /** A client is there. Two of the same name may be: the service decides what that means. */
    void connected(Peer peer);

    /**
     * A frame has come.
     *
     * @param payload little-endian, position 0, valid during the call; may be read, not written
     */
    void frame(Peer peer, ByteBuffer payload);

    /**
     * A client is gone; called once for each that was connected.
     *
     * @param reason one line
     */
    void left(Peer peer, String reason);
}
