package io.dino4j.train.cluster.wire;

import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.Image;
import io.aeron.Subscription;
import io.aeron.exceptions.AeronException;
import io.aeron.logbuffer.Header;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** The client's side of a handshake. */
final class Dialing {
    /** A server with many handshakes under way forgets some. */
    private static final long AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(700);

    private static final Duration CONFIRM = Duration.ofSeconds(2);

    private final Address address;
    private final Key key;
    private final byte[] nonce = Key.random();
    private Optional<Handshake.Welcome> welcome = Optional.empty();
    private Optional<Image> from = Optional.empty();
    private Optional<String> refused = Optional.empty();

    private Dialing(Address address, Key key) {
        this.address = address;
        this.key = key;
    }

    static Connection dial(Wire wire, Address address, Credentials credentials, Duration timeout)
            throws RefusedException, WireException {
        Key key = credentials.keyFor(address);
        Route to = Route.toServer(address);
        Aeron aeron = wire.aeron();
        ExclusivePublication out = null;
        Subscription in = null;
        try {
            Route answers = Route.answers(address);
            in = aeron.addSubscription(answers.channel(), answers.stream());
            out = aeron.addExclusivePublication(to.channel(), to.stream());
            Connection connection = new Dialing(address, key).shakeHands(wire, in, out, credentials, timeout);
            in = null;
            out = null;
            return connection;
        } catch (AeronException | SocketException e) {
            throw new WireException("%s: cannot be reached: %s".formatted(address, e.getMessage()), e);
        } finally {
            CloseHelper.quietCloseAll(in, out);
        }
    }

    private Connection shakeHands(
            Wire wire, Subscription in, ExclusivePublication out, Credentials credentials, Duration timeout)
            throws RefusedException, WireException {
        long deadline = System.nanoTime() + timeout.toNanos();
        UnsafeBuffer opening = new UnsafeBuffer(new Handshake.Opening(
                        Packet.PROTOCOL,
                        nonce,
                        reply(in, deadline),
                        credentials.version(),
                        credentials.configHash(),
                        credentials.name())
                .encode(key));
        Patience patience = new Patience();
        boolean said = false;
        long again = System.nanoTime();
        while (welcome.isEmpty()) {
            if (System.nanoTime() - again >= 0 && out.isConnected() && out.offer(opening) > 0) {
                said = true;
                again = System.nanoTime() + AGAIN_NANOS;
            }
            patience.idle(in.poll(this::onPacket, 1));
            if (refused.isPresent()) {
                throw new RefusedException("%s: refused: %s".formatted(address, refused.get()));
            }
            giveUp(deadline, timeout, said);
        }
        return connect(wire, in, out);
    }

    private void giveUp(long deadline, Duration timeout, boolean said) throws WireException {
        if (Thread.currentThread().isInterrupted()) {
            throw new WireException("%s: interrupted while connecting".formatted(address));
        }
        if (System.nanoTime() - deadline > 0) {
            throw new WireException((said
                            ? "%s: something listens there, but no answer has come within %.1f s; does a firewall stop UDP on its way back?"
                            : "%s: nobody listens there (tried for %.1f s)")
                    .formatted(address, timeout.toMillis() / 1000.0));
        }
    }

    /** The port is there once the driver has opened the socket. */
    private int reply(Subscription in, long deadline) throws WireException {
        if (address instanceof Ipc) {
            return in.streamId();
        }
        Patience patience = new Patience();
        for (String endpoint = in.resolvedEndpoint(); ; endpoint = in.resolvedEndpoint()) {
            if (endpoint != null) {
                return Integer.parseInt(endpoint.substring(endpoint.lastIndexOf(':') + 1));
            }
            if (System.nanoTime() - deadline > 0) {
                throw new WireException("%s: no port can be had for the answers".formatted(address));
            }
            patience.idle();
        }
    }

    private void onPacket(DirectBuffer buffer, int offset, int length, Header header) {
        if (length < Packet.OVERHEAD || length > Handshake.MOST || welcome.isPresent()) {
            return;
        }
        byte[] packet = new byte[length];
        buffer.getBytes(offset, packet);
        boolean sealed = Handshake.isSealed(packet, key);
        Handshake.Refusal.decode(packet)
                .filter(refusal -> Arrays.equals(refusal.nonce(), nonce))
                // who does not have our key may say that much and no more
                .ifPresent(refusal -> refused = Optional.of(sealed ? refusal.reason() : Greetings.WRONG_KEY));
        welcome = Handshake.Welcome.decode(packet).filter(answer -> sealed && Arrays.equals(answer.nonce(), nonce));
        from = Optional.of((Image) header.context());
    }

    private Connection connect(Wire wire, Subscription in, ExclusivePublication out) throws WireException {
        Handshake.Welcome answer = welcome.orElseThrow();
        Handshake.SessionKeys keys = Handshake.SessionKeys.of(key, nonce, answer.serverNonce(), answer.session());
        boolean inMemory = address instanceof Ipc;
        Outbound outbound = new Outbound(address.toString(), out, keys.toServer(), answer.session(), inMemory, 0);
        outbound.send(Packet.CONFIRM, new ByteBuffer[0], CONFIRM, () -> {});
        Inbound inbound = new Inbound(keys.toClient(), inMemory);
        return new Connection(wire, address, in, from.orElseThrow(), outbound, inbound, answer.session());
    }
}
