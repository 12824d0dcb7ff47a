package io.dino4j.train.cluster.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;

/** One direction of a session, at its receiver: checks packets and puts frames together. Memory is taken for what is authentic alone. */
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
    private byte[] packet = new byte[0];
    private byte[] assembly = new byte[0];
    private int assembled;
    private long expected;
    private ByteBuffer frame = ByteBuffer.allocate(0);
    private volatile long framesReceived;
    private volatile long payloadReceived;
    private volatile long bytesReceived;

    Inbound(byte[] key) {
        hmac = new Hmac(key);
    }

    /**
     * Takes one packet.
     *
     * @param length at least {@link Packet#OVERHEAD}, at most a packet of Aeron
     */
    Result accept(DirectBuffer buffer, int offset, int length) {
        if (packet.length < length) {
            packet = new byte[length];
        }
        buffer.getBytes(offset, packet, 0, length);
        if (!hmac.isSealed(packet, length - Packet.MAC)) {
            return Result.FORGED;
        }
        ByteBuffer in = ByteBuffer.wrap(packet).order(ByteOrder.LITTLE_ENDIAN);
        long sequence = in.getLong(Packet.SEQUENCE_AT);
        if (sequence < expected) {
            return Result.REPLAYED;
        }
        if (sequence > expected) {
            return Result.BROKEN;
        }
        expected++;
        bytesReceived += Packet.onWire(length);
        return append(in.getInt(0), in.getInt(Packet.LENGTH_AT), length - Packet.OVERHEAD);
    }

    private Result append(int kind, int total, int count) {
        if (kind == Packet.CLOSE) {
            assembled = 0; // the peer gave up in the middle of a frame
        }
        boolean fits = total >= 0 && total <= Wire.MAX_FRAME && count <= total - assembled && (count > 0 || total == 0);
        if (!fits) {
            return Result.BROKEN;
        }
        if (count == total) {
            frame = ByteBuffer.wrap(packet, Packet.HEADER, count).slice();
            return whole(kind, total);
        }
        grow(assembled + count, total);
        System.arraycopy(packet, Packet.HEADER, assembly, assembled, count);
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

    /** The last whole frame, little-endian, valid until the next packet. */
    ByteBuffer frame() {
        return frame;
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
