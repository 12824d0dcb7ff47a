package io.dino4j.train.cluster.wire;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;

/** A client as its server sees it. */
public final class Peer {
    /** A client that takes nothing in for this long keeps others waiting. */
    private static final Duration SEND = Duration.ofSeconds(10);

    /** Bytes of answers to one that is slow: the others need not wait so soon. */
    static final int MOST_QUEUED = 4 << 20;

    private final Hello hello;
    private final int session;
    private final int imageSession;
    private final Outbound outbound;
    private final Inbound inbound;
    private volatile Optional<String> ended = Optional.empty();

    Peer(Hello hello, int session, int imageSession, Outbound outbound, Inbound inbound) {
        this.hello = hello;
        this.session = session;
        this.imageSession = imageSession;
        this.outbound = outbound;
        this.inbound = inbound;
    }

    /** What its process calls itself. */
    public String name() {
        return hello.name();
    }

    /** Number of its session, different from that of every other client that is connected. */
    public int id() {
        return session;
    }

    /** Where it comes from, for messages. */
    public String remote() {
        return hello.remote();
    }

    /** The config hash it has shown, which may be empty. */
    public String configHash() {
        return hello.configHash();
    }

    /** What has passed so far. */
    public Traffic traffic() {
        return outbound.traffic().plus(inbound.traffic());
    }

    /**
     * Sends one frame. Of a client that does not read, 4 MiB wait here; after that this call waits, and so do the other clients, and
     * after 10 s it gives the client up.
     *
     * @param parts of the frame, one behind the other, {@link Wire#MAX_FRAME} bytes at most; their positions stay
     * @return false if the client is gone, which {@link Service#left} tells soon
     * @throws IllegalArgumentException if the frame is too long
     */
    public boolean send(ByteBuffer... parts) {
        if (ended.isPresent()) {
            return false;
        }
        try {
            outbound.send(Packet.FRAME, parts, SEND, () -> {});
            return true;
        } catch (WireException e) {
            end(e.getMessage());
            return false;
        }
    }

    /**
     * Ends the session, and tells the client.
     *
     * @param reason one line; also that of {@link Service#left}, which follows
     */
    public void close(String reason) {
        if (ended.isEmpty()) {
            outbound.close(reason);
            end(reason);
        }
    }

    void end(String reason) {
        if (ended.isEmpty()) {
            ended = Optional.of(reason);
        }
    }

    /** Sends on what waits. */
    int flush() {
        try {
            return outbound.isBehind() && ended.isEmpty() && outbound.flush() ? 1 : 0;
        } catch (WireException e) {
            end(e.getMessage());
            return 1;
        }
    }

    Optional<String> ended() {
        return ended;
    }

    void release(String reason) {
        outbound.close(reason);
    }

    int imageSession() {
        return imageSession;
    }

    Inbound inbound() {
        return inbound;
    }

    @Override
    public String toString() {
        return "%s (%s)".formatted(name(), remote());
    }
}
