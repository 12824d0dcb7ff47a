package io.dino4j.train.cluster.wire;

import io.aeron.Aeron;
import io.aeron.Image;
import io.aeron.Subscription;
import io.aeron.exceptions.AeronException;
import io.aeron.logbuffer.ControlledFragmentHandler.Action;
import io.aeron.logbuffer.FrameDescriptor;
import io.aeron.logbuffer.Header;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.agrona.collections.Int2ObjectHashMap;
import org.agrona.collections.IntHashSet;

/** A server: takes clients that show the right credentials, and hands their frames to a {@link Service}. For one thread. */
public final class Listener implements AutoCloseable {
    private static final int PACKETS = 64;
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Wire wire;
    private final Address address;
    private final Service service;
    private final Route route;
    private final Noise noise;
    private final Greetings greetings;
    private final Int2ObjectHashMap<Peer> peers = new Int2ObjectHashMap<>();
    private final Strangers strangers = new Strangers();
    private Aeron aeron;
    private Subscription subscription;
    private Traffic ofGone = new Traffic(0, 0, 0, 0, 0, 0);
    private Optional<RuntimeException> fault = Optional.empty();
    private long lookAt = System.nanoTime();
    private long invalid;

    Listener(Wire wire, Address address, Credentials credentials, Service service) throws WireException {
        this.wire = wire;
        this.address = address;
        this.service = service;
        noise = wire.noise();
        greetings = new Greetings(address, credentials, credentials.keyFor(address), service, noise);
        route = Route.toServer(address);
        aeron = wire.aeron();
        open();
    }

    private void open() throws WireException {
        try {
            subscription = aeron.addSubscription(route.channel(), route.stream());
        } catch (AeronException e) {
            throw new WireException("%s cannot be listened on: %s".formatted(address, e.getMessage()), e);
        }
        invalid = Wire.invalidPackets(aeron);
    }

    /**
     * Does what there is to do, and does not wait.
     *
     * @return 0 if there was nothing
     * @throws WireException if this process has no transport any more
     */
    public int poll() throws WireException {
        if (subscription.isClosed()) {
            reopen();
        }
        int work = subscription.controlledPoll(this::onPacket, PACKETS);
        rethrow();
        for (Peer peer : peers.values()) {
            work += peer.flush();
        }
        work += greetings.work(aeron, peers.size() >= Wire.MOST_SESSIONS, peers::containsKey);
        if (System.nanoTime() - lookAt > 0) {
            lookAt = System.nanoTime() + LOOK_NANOS;
            look();
        }
        return work;
    }

    /**
     * Serves until told to stop, sleeping while there is nothing to do.
     *
     * @param stop asked again and again; an interrupt stops as well
     * @throws WireException if this process has no transport any more
     */
    public void run(BooleanSupplier stop) throws WireException {
        Patience patience = new Patience();
        while (!stop.getAsBoolean() && !Thread.currentThread().isInterrupted()) {
            patience.idle(poll());
        }
    }

    /** Where it listens. */
    public Address address() {
        return address;
    }

    /** What has passed so far, with all clients that are or were here. For the thread that polls. */
    public Traffic traffic() {
        Traffic sum = ofGone;
        for (Peer peer : peers.values()) {
            sum = sum.plus(peer.traffic());
        }
        return sum;
    }

    /** Packets, datagrams and handshakes that were dropped, of all listeners of this {@link Wire}. */
    public long dropped() {
        return noise.total();
    }

    private Action onPacket(DirectBuffer buffer, int offset, int length, Header header) {
        String source = ((Image) header.context()).sourceIdentity();
        boolean whole = (header.flags() & FrameDescriptor.UNFRAGMENTED) == FrameDescriptor.UNFRAGMENTED;
        if (!whole || length < Packet.OVERHEAD) {
            noise.note("%s: dropped a packet of another program from %s".formatted(address, source));
            return Action.CONTINUE;
        }
        try {
            dispatch(buffer, offset, length, header.sessionId(), source);
        } catch (RuntimeException e) { // Aeron would keep it to itself
            fault = Optional.of(e);
            return Action.BREAK;
        }
        return Action.COMMIT;
    }

    private void dispatch(DirectBuffer buffer, int offset, int length, int imageSession, String source) {
        if (buffer.getInt(offset, ByteOrder.LITTLE_ENDIAN) == Packet.HELLO) {
            greetings.call(buffer, offset, length, imageSession, source);
            return;
        }
        int session = buffer.getInt(offset + Packet.SESSION_AT, ByteOrder.LITTLE_ENDIAN);
        Peer peer = peers.get(session);
        if (peer != null && peer.imageSession() == imageSession) {
            take(peer, peer.inbound().accept(buffer, offset, length));
            return;
        }
        Optional<Peer> fresh = greetings.confirm(session, imageSession, buffer, offset, length);
        if (fresh.isEmpty()) {
            noise.note("%s: dropped a packet of no session from %s".formatted(address, source));
            return;
        }
        peers.put(session, fresh.get());
        service.connected(fresh.get());
    }

    private void take(Peer peer, Inbound.Result result) {
        if (peer.ended().isPresent()) {
            return;
        }
        switch (result) {
            case FRAME -> service.frame(peer, peer.inbound().frame());
            case CLOSED -> peer.end(peer.inbound().reason());
            case BROKEN -> peer.end("packets from it were lost");
            case FORGED, REPLAYED -> noise.note("%s: dropped a %s packet that claims to be of %s"
                    .formatted(address, result == Inbound.Result.FORGED ? "forged" : "replayed", peer));
            case PART, CONFIRMED -> {}
        }
    }

    private void rethrow() {
        Optional<RuntimeException> thrown = fault;
        fault = Optional.empty();
        thrown.ifPresent(e -> {
            throw e;
        });
    }

    /** What no packet tells. */
    private void look() {
        List<Image> images = subscription.images();
        IntHashSet alive = new IntHashSet();
        images.forEach(image -> alive.add(image.sessionId()));
        IntHashSet ours = new IntHashSet();
        List<Peer> gone = new ArrayList<>();
        for (Peer peer : peers.values()) {
            ours.add(peer.imageSession());
            if (!alive.contains(peer.imageSession())) {
                peer.end("no sign of life");
            }
            if (peer.ended().isPresent()) {
                gone.add(peer);
            }
        }
        gone.forEach(this::dismiss);
        strangers.turnAway(images, session -> ours.contains(session) || greetings.knows(session), noise);
        long now = Wire.invalidPackets(aeron);
        if (now > invalid) {
            noise.note("%s: dropped datagrams of another program".formatted(address), now - invalid);
            invalid = now;
        }
        noise.tell();
    }

    private void dismiss(Peer peer) {
        String reason = peer.ended().orElseThrow();
        peers.remove(peer.id());
        ofGone = ofGone.plus(peer.traffic());
        peer.release(reason);
        service.left(peer, reason);
    }

    /** This process was stopped for so long that its driver has given it up. */
    private void reopen() throws WireException {
        wire.log("%s: this process stood still for too long; its clients have to connect again".formatted(address));
        greetings.close(aeron);
        List<Peer> all = new ArrayList<>(peers.values());
        all.forEach(peer -> peer.end("the server stood still for too long"));
        all.forEach(this::dismiss);
        aeron = wire.inPlaceOf(aeron);
        open();
    }

    /** Ends all sessions; the service is not told. */
    @Override
    public void close() {
        greetings.close(aeron);
        peers.values().forEach(peer -> peer.close("the server stops"));
        peers.clear();
        CloseHelper.quietClose(subscription);
    }
}
