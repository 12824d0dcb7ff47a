package io.dino4j.train.cluster.wire;

import io.aeron.ExclusivePublication;
import io.aeron.Publication;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;

/** One direction of a session, at its sender: cuts frames into sealed packets. Threads that send at the same time wait for each other. */
final class Outbound {
    /** A receiver that reads has made room by then, and nothing need be copied. */
    private static final long GRACE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final String where;
    private final ExclusivePublication publication;
    private final int session;
    private final Hmac hmac;
    private final byte[] packet;
    private final int room;
    private final ByteBuffer bytes;
    private final UnsafeBuffer view;
    private final Patience patience = new Patience();
    private final int mostQueued;
    private final ArrayDeque<byte[]> queue = new ArrayDeque<>();
    private final UnsafeBuffer waiting = new UnsafeBuffer(new byte[0]);
    private volatile int queuedBytes;
    private long sequence;
    private volatile boolean closed;
    private volatile long framesSent;
    private volatile long payloadSent;
    private volatile long bytesSent;

    /**
     * A direction.
     *
     * @param mostQueued bytes that may wait for a slow receiver before a sender does; they are sent by {@link #flush}
     */
    Outbound(String where, ExclusivePublication publication, byte[] key, int session, int mostQueued) {
        this.mostQueued = mostQueued;
        this.where = where;
        this.publication = publication;
        this.session = session;
        hmac = new Hmac(key);
        packet = new byte[publication.maxPayloadLength()];
        room = packet.length - Packet.OVERHEAD;
        bytes = ByteBuffer.wrap(packet).order(ByteOrder.LITTLE_ENDIAN);
        view = new UnsafeBuffer(packet);
    }

    /**
     * Sends one frame, waiting while the receiver is slow.
     *
     * @param parts of the frame, one behind the other; their positions stay
     * @param meanwhile done again and again while waiting
     * @throws WireException if the peer is gone or reads nothing within the time; the session is of no use then
     */
    synchronized void send(int kind, ByteBuffer[] parts, Duration most, Runnable meanwhile) throws WireException {
        int total = length(parts);
        long deadline = System.nanoTime() + most.toNanos();
        bytes.putInt(0, kind).putInt(Packet.SESSION_AT, session).putInt(Packet.LENGTH_AT, total);
        int filled = 0;
        for (ByteBuffer part : parts) {
            int taken = 0;
            while (taken < part.remaining()) {
                if (filled == room) {
                    offer(Packet.HEADER + filled, deadline, meanwhile);
                    filled = 0;
                }
                int count = Math.min(room - filled, part.remaining() - taken);
                part.get(part.position() + taken, packet, Packet.HEADER + filled, count);
                filled += count;
                taken += count;
            }
        }
        offer(Packet.HEADER + filled, deadline, meanwhile);
        if (kind == Packet.FRAME) {
            framesSent++;
            payloadSent += total;
        }
    }

    private static int length(ByteBuffer[] parts) {
        long total = 0;
        for (ByteBuffer part : parts) {
            total += part.remaining();
        }
        if (total > Wire.MAX_FRAME) {
            throw new IllegalArgumentException(
                    "a frame has at most %d bytes, this has %d".formatted(Wire.MAX_FRAME, total));
        }
        return (int) total;
    }

    private void offer(int length, long deadline, Runnable meanwhile) throws WireException {
        bytes.putLong(Packet.SEQUENCE_AT, sequence++);
        hmac.seal(packet, length);
        int whole = length + Packet.MAC;
        bytesSent += Packet.onWire(whole);
        patience.reset();
        long grace = System.nanoTime() + GRACE_NANOS;
        while (!flush() || !publish(view, whole)) {
            boolean roomBehind = queuedBytes + whole <= mostQueued;
            if (roomBehind && (queuedBytes > 0 || System.nanoTime() - grace > 0)) {
                queue.add(Arrays.copyOf(packet, whole));
                queuedBytes += whole;
                return;
            }
            if (System.nanoTime() - deadline > 0) {
                throw given("nothing is read there any more");
            }
            if (Thread.currentThread().isInterrupted()) {
                throw given("interrupted while sending");
            }
            meanwhile.run();
            patience.idle();
        }
    }

    /**
     * Sends what waits.
     *
     * @return whether nothing waits any more
     * @throws WireException if the peer is gone
     */
    synchronized boolean flush() throws WireException {
        for (byte[] first = queue.peek(); first != null; first = queue.peek()) {
            waiting.wrap(first);
            if (!publish(waiting, first.length)) {
                return false;
            }
            queue.remove();
            queuedBytes -= first.length;
        }
        return true;
    }

    /** Whether {@link #flush} has something to do. */
    boolean isBehind() {
        return queuedBytes > 0;
    }

    private boolean publish(UnsafeBuffer whole, int length) throws WireException {
        long result = closed ? Publication.CLOSED : publication.offer(whole, 0, length);
        if (result < 0 && result != Publication.BACK_PRESSURED && result != Publication.ADMIN_ACTION) {
            throw given("the connection is lost");
        }
        return result > 0;
    }

    /** A frame that is cut off cannot be gone on with. */
    private WireException given(String reason) {
        closed = true;
        return new WireException("%s: %s".formatted(where, reason));
    }

    /** Ends a send under way in another thread, tells the peer the reason if it listens, and frees the log. */
    void close(String reason) {
        closed = true;
        synchronized (this) {
            if (publication.isClosed()) {
                return;
            }
            closed = false;
            try {
                ByteBuffer text = ByteBuffer.wrap(reason.getBytes(StandardCharsets.UTF_8));
                send(Packet.CLOSE, new ByteBuffer[] {text}, Duration.ZERO, () -> {});
            } catch (WireException e) {
                // it learns of it from the silence
            }
            closed = true;
            publication.close();
        }
    }

    boolean isConnected() {
        return !closed && publication.isConnected();
    }

    Traffic traffic() {
        return new Traffic(framesSent, payloadSent, bytesSent, 0, 0, 0);
    }
}
