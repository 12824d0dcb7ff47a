package io.dino4j.train.cluster.wire;

import io.aeron.Image;
import io.aeron.Subscription;
import io.aeron.logbuffer.ControlledFragmentHandler.Action;
import io.aeron.logbuffer.FrameDescriptor;
import io.aeron.logbuffer.Header;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.agrona.DirectBuffer;

/**
 * A client's session with a server. Any thread may send, one at a time receives. While a send waits for a slow server it takes in what
 * the server sends, up to 32 MiB, so that the two never wait for each other.
 */
public final class Connection implements AutoCloseable {
    /** A server that writes a snapshot does not read. One that is dead is noticed far sooner. */
    private static final Duration SEND = Duration.ofSeconds(120);

    private static final int MOST_WAITING = 32 << 20;
    private static final long NO_LIMIT = Long.MAX_VALUE;

    private final Wire wire;
    private final Address address;
    private final Subscription subscription;
    private final Image server;
    private final Outbound outbound;
    private final Inbound inbound;
    private final int session;
    private final ReentrantLock reading = new ReentrantLock();
    private final Patience patience = new Patience();
    private final ArrayDeque<ByteBuffer> waiting = new ArrayDeque<>();
    private int waitingBytes;
    private boolean frameIsThere;
    private long read; // position of the server's stream behind the last packet
    private boolean frameIsLent;
    private volatile Optional<String> ended = Optional.empty();

    Connection(
            Wire wire,
            Address address,
            Subscription subscription,
            Image server,
            Outbound outbound,
            Inbound inbound,
            int session) {
        this.wire = wire;
        this.address = address;
        this.subscription = subscription;
        this.server = server;
        this.outbound = outbound;
        this.inbound = inbound;
        this.session = session;
        this.read = server.position();
    }

    /**
     * Sends one frame; waits while the server is slow.
     *
     * @param parts of the frame, one behind the other, {@link Wire#MAX_FRAME} bytes at most; their positions stay
     * @throws IllegalArgumentException if the frame is too long
     * @throws WireException if the connection is lost; it is of no use then
     */
    public void send(ByteBuffer... parts) throws WireException {
        requireOpen();
        try {
            outbound.send(Packet.FRAME, parts, SEND, this::takeIn);
        } catch (WireException e) {
            requireOpen(); // the server's own reason says more
            throw e;
        }
    }

    /**
     * The next frame.
     *
     * @param timeout zero asks and does not wait
     * @return little-endian, position 0, valid until the next call; empty if none came in time
     * @throws WireException if the connection is lost, with the server's reason if it gave one
     */
    public Optional<ByteBuffer> receive(Duration timeout) throws WireException {
        long deadline = System.nanoTime() + timeout.toNanos();
        reading.lock();
        try {
            frameIsLent = false;
            patience.reset();
            while (true) {
                ByteBuffer early = waiting.poll();
                if (early != null) {
                    waitingBytes -= early.remaining();
                    return Optional.of(early);
                }
                if (next()) {
                    frameIsLent = true;
                    return Optional.of(inbound.frame());
                }
                requireOpen();
                if (System.nanoTime() - deadline >= 0) {
                    return Optional.empty();
                }
                if (Thread.currentThread().isInterrupted()) {
                    throw new WireException("%s: interrupted while waiting for an answer".formatted(address));
                }
                patience.idle();
            }
        } finally {
            reading.unlock();
        }
    }

    /** Reads packets until a frame is whole or none is left. What the last frame lay in is given back to the server. */
    private boolean next() {
        frameIsThere = false;
        boolean gone = server.isClosed(); // asked first, as what came before the end may still be read
        while (!frameIsThere && ended.isEmpty()) {
            server.position(read);
            long behind = server.controlledPeek(read, this::onPacket, NO_LIMIT);
            if (behind == read) {
                break;
            }
            read = behind;
            patience.reset();
        }
        if (!frameIsThere && gone && ended.isEmpty()) {
            ended = Optional.of("the server is gone");
        }
        return frameIsThere;
    }

    private Action onPacket(DirectBuffer buffer, int offset, int length, Header header) {
        boolean whole = (header.flags() & FrameDescriptor.UNFRAGMENTED) == FrameDescriptor.UNFRAGMENTED;
        boolean ours = whole
                && length >= Packet.OVERHEAD
                && buffer.getInt(offset + Packet.SESSION_AT, ByteOrder.LITTLE_ENDIAN) == session;
        switch (ours ? inbound.accept(buffer, offset, length) : Inbound.Result.FORGED) {
            case FRAME -> frameIsThere = true;
            case CLOSED -> ended = Optional.of(inbound.reason());
            case BROKEN -> ended = Optional.of("packets from the server were lost");
            case FORGED, REPLAYED -> wire.noise()
                    .note("%s: dropped a packet that is not of this connection".formatted(address));
            case PART, CONFIRMED -> {}
        }
        if (!whole) { // the server never sends such, and the stream would not go on behind it
            ended = Optional.of("packets from the server were lost");
        }
        return Action.BREAK;
    }

    /** In the place of a receiver that does not come to it. */
    private void takeIn() {
        if (!reading.tryLock()) {
            return;
        }
        try {
            if (frameIsLent && inbound.isInPlace()) {
                return; // whoever holds it comes back for the rest
            }
            if (frameIsLent) {
                inbound.leaveFrame();
                frameIsLent = false;
            }
            if (waitingBytes < MOST_WAITING && next()) {
                ByteBuffer frame = inbound.frame();
                ByteBuffer copy = ByteBuffer.allocate(frame.remaining()).order(ByteOrder.LITTLE_ENDIAN);
                waiting.add(copy.put(frame).flip());
                waitingBytes += copy.remaining();
            }
        } finally {
            reading.unlock();
        }
    }

    private void requireOpen() throws WireException {
        if (ended.isPresent()) {
            throw new WireException("%s: the connection is over: %s".formatted(address, ended.get()));
        }
    }

    /** The server's address. */
    public Address address() {
        return address;
    }

    /** What has passed so far. */
    public Traffic traffic() {
        return outbound.traffic().plus(inbound.traffic());
    }

    /** Tells the server, and ends what other threads do here with a {@link WireException}. */
    @Override
    public void close() {
        if (ended.isEmpty()) {
            ended = Optional.of("closed by this process");
        }
        outbound.close("it has left");
        reading.lock();
        try {
            subscription.close();
        } finally {
            reading.unlock();
        }
    }
}
