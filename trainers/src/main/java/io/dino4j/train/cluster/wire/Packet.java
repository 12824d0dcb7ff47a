package io.dino4j.train.cluster.wire;

/**
 * Layout of one packet of a session, little-endian: {@code int kind, int session, long sequence, int frameLength}, a part of a frame,
 * and the first 16 bytes of an HMAC-SHA256. A frame is cut into packets that follow each other.
 *
 * <p>The code is over all before it, but in shared memory over the header alone. That memory is closed to other users, and who can write
 * there can do so after a code is checked as well as before: it tells apart sessions and what is repeated, and a code over the rest,
 * worked out at both ends, costs more than moving it.
 */
final class Packet {
    /** Changes with the layout of anything that is sent. */
    static final int PROTOCOL = 3;

    static final int HELLO = kind(1);
    static final int WELCOME = kind(2);
    static final int REFUSED = kind(3);

    /** Packet 0 of a client: it has the key too. */
    static final int CONFIRM = kind(4);

    static final int FRAME = kind(5);

    /** The last packet; its frame is the reason as text. */
    static final int CLOSE = kind(6);

    static final int SESSION_AT = 4;
    static final int SEQUENCE_AT = 8;
    static final int LENGTH_AT = 16;
    static final int HEADER = 20;
    static final int MAC = 16;
    static final int OVERHEAD = HEADER + MAC;

    private static final int AERON_HEADER = 32;
    private static final int ALIGNMENT = 32;

    private Packet() {}

    private static int kind(int number) {
        return 'd' | 'n' << 8 | '4' << 16 | number << 24;
    }

    /** Bytes that Aeron moves for a packet. */
    static int onWire(int packet) {
        return (packet + AERON_HEADER + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
}
