package io.dino4j.train.cluster.wire;

import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.Subscription;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** A client that shakes hands as it should and then writes what it likes. */
final class Mole implements AutoCloseable {
    private final ExclusivePublication out;
    private final Subscription in;
    private final boolean inMemory;
    private byte[] key = new byte[0];
    private int session;

    Mole(Wire wire, Address server) throws Exception {
        Aeron aeron = wire.aeron();
        inMemory = server instanceof Ipc;
        Route to = Route.toServer(server);
        Route answers = Route.answers(server);
        in = aeron.addSubscription(answers.channel(), answers.stream());
        out = aeron.addExclusivePublication(to.channel(), to.stream());
        Served.eventually(out::isConnected, () -> "nobody listens");
    }

    void shakeHands(Key shared, String name) throws Exception {
        byte[] nonce = Key.random();
        raw(new Handshake.Opening(Packet.PROTOCOL, nonce, reply(), "1.0", "", name).encode(shared));
        Handshake.Welcome welcome = Handshake.Welcome.decode(next()).orElseThrow();
        session = welcome.session();
        key = Handshake.SessionKeys.of(shared, nonce, welcome.serverNonce(), session)
                .toServer();
        raw(packet(Packet.CONFIRM, 0, 0, new byte[0]));
    }

    private int reply() throws Exception {
        if (inMemory) {
            return in.streamId();
        }
        Served.eventually(() -> in.resolvedEndpoint() != null, () -> "no port");
        String endpoint = in.resolvedEndpoint();
        return Integer.parseInt(endpoint.substring(endpoint.lastIndexOf(':') + 1));
    }

    /** A packet as its session's client would seal it. */
    byte[] packet(int kind, long sequence, int frameLength, byte[] payload) {
        ByteBuffer packet =
                ByteBuffer.allocate(Packet.OVERHEAD + payload.length).order(ByteOrder.LITTLE_ENDIAN);
        packet.putInt(kind)
                .putInt(session)
                .putLong(sequence)
                .putInt(frameLength)
                .put(payload);
        return sealed(packet.array());
    }

    /** In shared memory the code is over the header alone. */
    private byte[] sealed(byte[] packet) {
        if (!inMemory) {
            new Hmac(key).seal(packet, packet.length - Packet.MAC);
            return packet;
        }
        byte[] head = Arrays.copyOf(packet, Packet.OVERHEAD);
        new Hmac(key).seal(head, Packet.HEADER);
        System.arraycopy(head, Packet.HEADER, packet, packet.length - Packet.MAC, Packet.MAC);
        return packet;
    }

    void raw(byte[] packet) {
        UnsafeBuffer buffer = new UnsafeBuffer(packet);
        while (out.offer(buffer) < 0) {
            Thread.onSpinWait();
        }
    }

    boolean isConnected() {
        return out.isConnected();
    }

    int mostPacket() {
        return out.maxPayloadLength();
    }

    byte[] next() throws Exception {
        AtomicReference<byte[]> packet = new AtomicReference<>();
        Served.eventually(
                () -> in.poll((buffer, offset, length, header) -> packet.set(copy(buffer, offset, length)), 1) > 0,
                () -> "no packet has come");
        return packet.get();
    }

    private static byte[] copy(DirectBuffer buffer, int offset, int length) {
        byte[] bytes = new byte[length];
        buffer.getBytes(offset, bytes);
        return bytes;
    }

    /** The payload of the next packet from the server. */
    byte[] answer() throws Exception {
        byte[] packet = next();
        return Arrays.copyOfRange(packet, Packet.HEADER, packet.length - Packet.MAC);
    }

    @Override
    public void close() {
        out.close();
        in.close();
    }
}
