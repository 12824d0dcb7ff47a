package io.dino4j.train.cluster.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;

/**
 * One direction of a session, at its receiver: checks packets and puts frames together. Memory is taken for what is authentic alone. In shared
 * memory a frame of one packet is read where it lies.
 */
final class Inbound {
    /** What a packet was. */
    enum Result {
        /** A frame is whole: {@link #frame}. */
        FRAME,
        /** More of it is to come. */
        PART,
        /** The client's first packet. */
        CONFIRMED,
        /** The peer ends the session: {@link #reason}. */
        CLOSED,
        /** Not of this session's peer. */
        FORGED,
        /** Has been here before. */
        REPLAYED,
        /** Authentic, but not what has to come now: packets are lost, and the session is of no use. */
        BROKEN
    }

    private static final int FIRST_ASSEMBLY = 64 * 1024;

    private final Hmac hmac;
    private final boolean inMemory;
    private final byte[] head = new byte[Packet.OVERHEAD];
    private byte[] packet = new byte[0];
    private byte[] assembly = new byte[0];
    private int assembled;
    private long expected;
    private ByteBuffer frame = ByteBuffer.allocate(0);
    private boolean inPlace;
    private volatile long framesReceived;
    private volatile long payloadReceived;
    private volatile long bytesReceived;

    /**
     * A direction.
     *
     * @param inMemory see {@link Packet}
     */
    Inbound(byte[] key, boolean inMemory) {
        hmac = new Hmac(key);
        this.inMemory = inMemory;
    }

    /**
     * Takes one packet.
     *
     * @param length at least {@link Packet#OVERHEAD}, at most a packet of Aeron
     */
    Result accept(DirectBuffer buffer, int offset, int length) {
        boolean authentic = inMemory ? isHeadSealed(buffer, offset, length) : isSealed(buffer, offset, length);
        if (!authentic) {
            return Result.FORGED;
        }
        ByteBuffer in = ByteBuffer.wrap(inMemory ? head : packet).order(ByteOrder.LITTLE_ENDIAN);
        long sequence = in.getLong(Packet.SEQUENCE_AT);
        if (sequence < expected) {
            return Result.REPLAYED;
        }
        if (sequence > expected) {
            return Result.BROKEN;
        }
        expected++;
        bytesReceived += Packet.onWire(length);
        int count = length - Packet.OVERHEAD;
        return append(in.getInt(0), in.getInt(Packet.LENGTH_AT), buffer, offset + Packet.HEADER, count);
    }

    private boolean isHeadSealed(DirectBuffer buffer, int offset, int length) {
        buffer.getBytes(offset, head, 0, Packet.HEADER);
        buffer.getBytes(offset + length - Packet.MAC, head, Packet.HEADER, Packet.MAC);
        return hmac.isSealed(head, Packet.HEADER);
    }

    private boolean isSealed(DirectBuffer buffer, int offset, int length) {
        if (packet.length < length) {
            packet = new byte[length];
        }
        buffer.getBytes(offset, packet, 0, length);
        return hmac.isSealed(packet, length - Packet.MAC);
    }

    private Result append(int kind, int total, DirectBuffer from, int at, int count) {
        if (kind == Packet.CLOSE) {
            assembled = 0; // the peer gave up in the middle of a frame
        }
        boolean fits = total >= 0 && total <= Wire.MAX_FRAME && count <= total - assembled && (count > 0 || total == 0);
        if (!fits) {
            return Result.BROKEN;
        }
        inPlace = inMemory && count == total;
        if (inPlace) {
            frame = from.byteBuffer().slice(from.wrapAdjustment() + at, count);
            return whole(kind, total);
        }
        if (count == total) {
            frame = ByteBuffer.wrap(packet, Packet.HEADER, count).slice();
            return whole(kind, total);
        }
        grow(assembled + count, total);
        if (inMemory) {
            from.getBytes(at, assembly, assembled, count);
        } else {
            System.arraycopy(packet, Packet.HEADER, assembly, assembled, count);
        }
        assembled += count;
        if (assembled < total) {
            return Result.PART;
        }
        assembled = 0;
        frame = ByteBuffer.wrap(assembly, 0, total).slice();
        return whole(kind, total);
    }

    /** With what has come, not with what is promised. */
    private void grow(int needed, int total) {
        if (assembly.length < needed) {
            byte[] larger = new byte[Math.min(total, Math.max(FIRST_ASSEMBLY, Math.max(needed, 2 * assembly.length)))];
            System.arraycopy(assembly, 0, larger, 0, assembled);
            assembly = larger;
        }
    }

    private Result whole(int kind, int total) {
        frame.order(ByteOrder.LITTLE_ENDIAN);
        if (kind == Packet.FRAME) {
            framesReceived++;
            payloadReceived += total;
            return Result.FRAME;
        }
        if (kind == Packet.CLOSE) {
            return Result.CLOSED;
        }
        return kind == Packet.CONFIRM ? Result.CONFIRMED : Result.BROKEN;
    }

    /** The last whole frame, little-endian, valid until the next packet, and where it {@link #isInPlace} until that is given back. */
    ByteBuffer frame() {
        return frame;
    }

    /** Whether the last whole frame lies where its sender has written it. */
    boolean isInPlace() {
        return inPlace;
    }

    /** The last frame as text of one line. */
    String reason() {
        return Handshake.oneLine(
                StandardCharsets.UTF_8.decode(frame.duplicate()).toString());
    }

    /** Leaves the last frame to who holds it: the next ones are put together elsewhere. */
    void leaveFrame() {
        packet = new byte[0];
        byte[] begun = assembly;
        assembly = new byte[begun.length];
        System.arraycopy(begun, 0, assembly, 0, assembled);
    }

    Traffic traffic() {
        return new Traffic(0, 0, 0, framesReceived, payloadReceived, bytesReceived);
    }
}
