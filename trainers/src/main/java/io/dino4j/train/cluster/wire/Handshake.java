package io.dino4j.train.cluster.wire;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * The packets before a session. A client sends Opening with a fresh nonce; the server answers Welcome with a nonce of its own, or Refusal;
 * the client's Confirm is the first packet under the session's keys. Both nonces are in both keys, so that no packet of another session
 * is of any use. All are sealed with a key for the handshake alone.
 */
final class Handshake {
    /** No packet of a handshake is longer. */
    static final int MOST = 1200;

    static final int NONCE = 32;
    private static final int MOST_REASON = 512;

    private Handshake() {}

    /** The start is the same in every protocol, so that another one can be refused in words. */
    record Opening(int protocol, byte[] nonce, int reply, String version, String configHash, String name) {
        byte[] encode(Key key) {
            ByteBuffer out = packet(Packet.HELLO).putInt(protocol).put(nonce).putInt(reply);
            put(out, version);
            put(out, configHash);
            put(out, name);
            return sealed(out, key);
        }

        static Optional<Opening> decode(byte[] packet) {
            return read(packet, Packet.HELLO, in -> {
                int protocol = in.getInt();
                byte[] nonce = nextNonce(in);
                int reply = in.getInt();
                return protocol == Packet.PROTOCOL
                        ? new Opening(protocol, nonce, reply, text(in), text(in), text(in))
                        : new Opening(protocol, nonce, reply, "", "", "");
            });
        }
    }

    /** The server knows the key, and what session this is. */
    record Welcome(byte[] nonce, byte[] serverNonce, int session) {
        byte[] encode(Key key) {
            return sealed(
                    packet(Packet.WELCOME)
                            .putInt(Packet.PROTOCOL)
                            .put(nonce)
                            .put(serverNonce)
                            .putInt(session),
                    key);
        }

        static Optional<Welcome> decode(byte[] packet) {
            return read(packet, Packet.WELCOME, in -> {
                in.getInt();
                return new Welcome(nextNonce(in), nextNonce(in), in.getInt());
            });
        }
    }

    /** Not taken, and why. */
    record Refusal(byte[] nonce, String reason) {
        byte[] encode(Key key) {
            ByteBuffer out = packet(Packet.REFUSED).putInt(Packet.PROTOCOL).put(nonce);
            put(out, reason);
            return sealed(out, key);
        }

        static Optional<Refusal> decode(byte[] packet) {
            return read(packet, Packet.REFUSED, in -> {
                in.getInt();
                return new Refusal(nextNonce(in), text(in));
            });
        }
    }

    /** Keys of one session, one for each direction. */
    record SessionKeys(byte[] toServer, byte[] toClient) {
        static SessionKeys of(Key key, byte[] nonce, byte[] serverNonce, int session) {
            byte[] number = ByteBuffer.allocate(Integer.BYTES).putInt(session).array();
            return new SessionKeys(
                    Hmac.derive(key.bytes(), "dino4j wire: client to server", nonce, serverNonce, number),
                    Hmac.derive(key.bytes(), "dino4j wire: server to client", nonce, serverNonce, number));
        }
    }

    static boolean isSealed(byte[] packet, Key key) {
        return packet.length > Packet.MAC && sealer(key).isSealed(packet, packet.length - Packet.MAC);
    }

    private static Hmac sealer(Key key) {
        return new Hmac(Hmac.derive(key.bytes(), "dino4j wire: handshake"));
    }

    private static byte[] sealed(ByteBuffer out, Key key) {
        byte[] packet = Arrays.copyOf(out.array(), out.position() + Packet.MAC);
        sealer(key).seal(packet, out.position());
        return packet;
    }

    private static ByteBuffer packet(int kind) {
        return ByteBuffer.allocate(MOST).order(ByteOrder.LITTLE_ENDIAN).putInt(kind);
    }

    private interface Reading<T> {
        T from(ByteBuffer in);
    }

    private static <T> Optional<T> read(byte[] packet, int kind, Reading<T> reading) {
        ByteBuffer in = ByteBuffer.wrap(packet).order(ByteOrder.LITTLE_ENDIAN);
        try {
            return in.limit(Math.max(0, packet.length - Packet.MAC)).getInt() == kind
                    ? Optional.of(reading.from(in))
                    : Optional.empty();
        } catch (BufferUnderflowException e) {
            return Optional.empty();
        }
    }

    private static byte[] nextNonce(ByteBuffer in) {
        byte[] nonce = new byte[NONCE];
        in.get(nonce);
        return nonce;
    }

    private static void put(ByteBuffer out, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int length = Math.min(MOST_REASON, bytes.length);
        out.putShort((short) length).put(bytes, 0, length);
    }

    private static String text(ByteBuffer in) {
        int length = in.getShort();
        if (length < 0 || length > in.remaining()) {
            throw new BufferUnderflowException();
        }
        byte[] bytes = new byte[length];
        in.get(bytes);
        return oneLine(new String(bytes, StandardCharsets.UTF_8));
    }

    /** What others send goes into logs: it must not look like a line of its own. */
    static String oneLine(String text) {
        return text.replaceAll("\\p{Cntrl}", "?");
    }
}
