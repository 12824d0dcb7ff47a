package io.dino4j.train.cluster.wire;

import io.aeron.ExclusivePublication;
import io.aeron.Publication;
import io.aeron.logbuffer.BufferClaim;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * One direction of a session, at its sender: cuts frames into sealed packets. Threads that send at the same time wait for each other. In
 * shared memory a frame goes from its parts straight to where the receiver reads it.
 */
final class Outbound {
    /** A receiver that reads has made room by then, and nothing need be copied. */
    private static final long GRACE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final String where;
    private final ExclusivePublication publication;
    private final int session;
    private final Hmac hmac;
    private final boolean inMemory;
    private final byte[] head = new byte[Packet.OVERHEAD]; // header, and its code where that is all that is sealed
    private final ByteBuffer header = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
    private final byte[] packet;
    private final UnsafeBuffer view;
    private final BufferClaim claim = new BufferClaim();
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
     * @param inMemory see {@link Packet}
     * @param mostQueued bytes that may wait for a slow receiver before a sender does; they are sent by {@link #flush}
     */
    Outbound(
            String where, ExclusivePublication publication, byte[] key, int session, boolean inMemory, int mostQueued) {
        this.inMemory = inMemory;
        this.mostQueued = mostQueued;
        this.where = where;
        this.publication = publication;
        this.session = session;
        hmac = new Hmac(key);
        packet = new byte[publication.maxPayloadLength()];
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
        header.putInt(0, kind).putInt(Packet.SESSION_AT, session).putInt(Packet.LENGTH_AT, total);
        int room = packet.length - Packet.OVERHEAD;
        int done = 0;
        do {
            Part part = new Part(parts, done, Math.min(room, total - done));
            offer(part, deadline, meanwhile);
            done += part.count;
        } while (done < total);
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

    /** What one packet holds of a frame. */
    private record Part(ByteBuffer[] frame, int from, int count) {
        int packet() {
            return count + Packet.OVERHEAD;
        }

        /** Writes the packet, with the header and its code at the right places. */
        void write(byte[] head, MutableDirectBuffer to, int at) {
            to.putBytes(at, head, 0, Packet.HEADER);
            int skip = from;
            int done = 0;
            for (ByteBuffer part : frame) {
                int n = Math.min(part.remaining() - skip, count - done);
                if (n > 0) {
                    to.putBytes(at + Packet.HEADER + done, part, part.position() + skip, n);
                    done += n;
                }
                skip = Math.max(0, skip - part.remaining());
            }
            to.putBytes(at + Packet.HEADER + count, head, Packet.HEADER, Packet.MAC);
        }
    }

    private void offer(Part part, long deadline, Runnable meanwhile) throws WireException {
        header.putLong(Packet.SEQUENCE_AT, sequence++);
        if (inMemory) {
            hmac.seal(head, Packet.HEADER);
        } else {
            part.write(head, view, 0);
            hmac.seal(packet, Packet.HEADER + part.count);
        }
        int whole = part.packet();
        bytesSent += Packet.onWire(whole);
        patience.reset();
        long grace = System.nanoTime() + GRACE_NANOS;
        while (!flush() || !(inMemory ? publish(part) : publish(view, whole))) {
            boolean roomBehind = queuedBytes + whole <= mostQueued;
            if (roomBehind && (queuedBytes > 0 || System.nanoTime() - grace > 0)) {
                if (inMemory) {
                    part.write(head, view, 0);
                }
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
        return isTaken(closed ? Publication.CLOSED : publication.offer(whole, 0, length));
    }

    private boolean publish(Part part) throws WireException {
        boolean taken = isTaken(closed ? Publication.CLOSED : publication.tryClaim(part.packet(), claim));
        if (taken) {
            part.write(head, claim.buffer(), claim.offset());
            claim.commit();
        }
        return taken;
    }

    private boolean isTaken(long result) throws WireException {
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
