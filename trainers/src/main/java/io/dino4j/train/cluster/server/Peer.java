package io.dino4j.train.cluster.server;

import io.dino4j.train.cluster.message.Message;

/** Who sends messages to a server; a worker that connects anew is another peer. Compared by identity. */
public interface Peer {
    /** Its name for log lines. */
    String name();

    /**
     * Sends a message.
     *
     * @param message its arrays and buffers are read before this returns
     */
    void send(Message message);
}
