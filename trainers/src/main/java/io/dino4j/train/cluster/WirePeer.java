package io.dino4j.train.cluster;

import io.dino4j.train.cluster.message.Codec;
import io.dino4j.train.cluster.message.Message;
import io.dino4j.train.cluster.wire.Peer;
import java.nio.ByteBuffer;

/** A worker that is told messages through its connection. Two of one connection are two workers. */
public final class WirePeer implements io.dino4j.train.cluster.server.Peer {
    private final Peer peer;
    private final ByteBuffer head;

    /**
     * A worker.
     *
     * @param peer its connection
     * @param head room for a message, shared by all workers of a thread
     */
    public WirePeer(Peer peer, ByteBuffer head) {
        this.peer = peer;
        this.head = head;
    }

    @Override
    public String name() {
        return peer.name();
    }

    @Override
    public void send(Message message) {
        ByteBuffer bulk = Codec.writeHead(message, head.clear());
        peer.send(head.flip(), bulk);
    }
}
