package io.dino4j.train.cluster.wire;

import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.exceptions.AeronException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.IntPredicate;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Handshakes under way at a server: at most {@link Wire#MOST_OPENING}, each forgotten after some seconds. */
final class Greetings {
    static final String WRONG_KEY = "wrong key";

    /** Of all, those that only wait to be told why not: strangers must not keep the others out. */
    private static final int MOST_REFUSALS = 16;

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** A refusal is delivered while its publication lingers. */
    private static final long REFUSAL_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Address address;
    private final Credentials credentials;
    private final Key key;
    private final Service service;
    private final Noise noise;
    private final List<Greeting> greetings = new ArrayList<>();

    /** What was asked for outside of Aeron's callbacks, which must not call Aeron. */
    private final List<Call> calls = new ArrayList<>();

    private record Call(byte[] packet, int imageSession, String source) {}

    /** One client that has said hello. */
    private static final class Greeting {
        private final Hello hello;
        private final byte[] nonce;
        private final int imageSession;
        private final int session;
        private final Handshake.SessionKeys keys;
        private final byte[] answer;
        private final boolean refusal;
        private final long registration;
        private long deadline = System.nanoTime() + PATIENCE_NANOS;
        private Optional<ExclusivePublication> publication = Optional.empty();
        private Optional<Inbound> inbound = Optional.empty();
        private boolean answered;

        private Greeting(
                Hello hello,
                byte[] nonce,
                int imageSession,
                int session,
                Handshake.SessionKeys keys,
                byte[] answer,
                boolean refusal,
                long registration) {
            this.hello = hello;
            this.nonce = nonce;
            this.imageSession = imageSession;
            this.session = session;
            this.keys = keys;
            this.answer = answer;
            this.refusal = refusal;
            this.registration = registration;
        }
    }

    Greetings(Address address, Credentials credentials, Key key, Service service, Noise noise) {
        this.address = address;
        this.credentials = credentials;
        this.key = key;
        this.service = service;
        this.noise = noise;
    }

    /** A hello has come; it is looked at in {@link #work}. */
    void call(DirectBuffer buffer, int offset, int length, int imageSession, String source) {
        if (length <= Packet.OVERHEAD || length > Handshake.MOST || calls.size() >= Wire.MOST_OPENING) {
            noise.note("%s: dropped a handshake from %s".formatted(address, source));
            return;
        }
        byte[] packet = new byte[length];
        buffer.getBytes(offset, packet);
        calls.add(new Call(packet, imageSession, source));
    }

    /**
     * Goes on with all handshakes.
     *
     * @param full whether no more clients are taken
     * @param taken whether a number is that of a session
     */
    int work(Aeron aeron, boolean full, IntPredicate taken) {
        int work = calls.size() + greetings.size();
        try {
            for (Call call : calls) {
                answer(aeron, call, full, taken);
            }
        } finally {
            calls.clear();
        }
        for (Iterator<Greeting> all = greetings.iterator(); all.hasNext(); ) {
            Greeting greeting = all.next();
            if (!goOn(aeron, greeting)) {
                abandon(aeron, greeting);
                all.remove();
            }
        }
        return work == 0 ? 0 : 1;
    }

    private void answer(Aeron aeron, Call call, boolean full, IntPredicate taken) {
        Optional<Handshake.Opening> opening = Handshake.Opening.decode(call.packet());
        if (opening.isEmpty()) {
            noise.note("%s: dropped a garbled handshake from %s".formatted(address, call.source()));
            return;
        }
        Handshake.Opening asked = opening.get();
        if (greetings.stream().anyMatch(g -> Arrays.equals(g.nonce, asked.nonce()))) {
            return;
        }
        boolean sealed = Handshake.isSealed(call.packet(), key);
        Hello hello = new Hello(
                sealed && !asked.name().isBlank() ? asked.name() : "somebody",
                asked.version(),
                asked.configHash(),
                call.source());
        Optional<String> refusal = refusal(asked, hello, sealed, full);
        refusal.ifPresent(
                why -> noise.note("%s: refused %s (%s): %s".formatted(address, hello.name(), call.source(), why)));
        long refusals = greetings.stream().filter(g -> g.refusal).count();
        if (greetings.size() >= Wire.MOST_OPENING || (refusal.isPresent() && refusals >= MOST_REFUSALS)) {
            noise.note("%s: too many handshakes, dropped one from %s".formatted(address, call.source()));
            return;
        }
        open(aeron, call, asked, hello, refusal, taken);
    }

    private Optional<String> refusal(Handshake.Opening asked, Hello hello, boolean sealed, boolean full) {
        if (asked.protocol() != Packet.PROTOCOL) {
            return Optional.of("it speaks protocol %d, this server %d; use the same version of dino4j"
                    .formatted(asked.protocol(), Packet.PROTOCOL));
        }
        if (!sealed) {
            return Optional.of(WRONG_KEY);
        }
        if (!asked.version().equals(credentials.version())) {
            return Optional.of("it is version %s, this server %s; use the same version of dino4j"
                    .formatted(asked.version(), credentials.version()));
        }
        String ours = credentials.configHash();
        if (!ours.isEmpty() && !ours.equals(asked.configHash())) {
            return Optional.of("its configuration is another one than this server's (hash %s, not %s)"
                    .formatted(asked.configHash().isEmpty() ? "missing" : asked.configHash(), ours));
        }
        if (full) {
            return Optional.of("%d clients are connected already".formatted(Wire.MOST_SESSIONS));
        }
        return service.refuse(hello).map(Handshake::oneLine);
    }

    private void open(
            Aeron aeron,
            Call call,
            Handshake.Opening asked,
            Hello hello,
            Optional<String> refusal,
            IntPredicate taken) {
        byte[] nonce = asked.nonce();
        byte[] serverNonce = Key.random();
        UnsafeBuffer random = new UnsafeBuffer(Key.random());
        int session = random.getInt(0);
        int candidate = session;
        if (taken.test(session) || greetings.stream().anyMatch(g -> g.session == candidate)) {
            return; // one in four million; the client asks again
        }
        byte[] answer = refusal.map(why -> new Handshake.Refusal(nonce, why).encode(key))
                .orElseGet(() -> new Handshake.Welcome(nonce, serverNonce, candidate).encode(key));
        try {
            Route back = Route.toClient(call.source(), asked.reply());
            greetings.add(new Greeting(
                    hello,
                    nonce,
                    call.imageSession(),
                    session,
                    Handshake.SessionKeys.of(key, nonce, serverNonce, session),
                    answer,
                    refusal.isPresent(),
                    aeron.asyncAddExclusivePublication(back.channel(), back.stream())));
        } catch (UnknownHostException | AeronException e) {
            noise.note("%s: %s cannot be answered: %s".formatted(address, call.source(), e.getMessage()));
        }
    }

    /** Whether it is still of use. */
    private boolean goOn(Aeron aeron, Greeting greeting) {
        if (System.nanoTime() - greeting.deadline > 0) {
            return false;
        }
        try {
            if (greeting.publication.isEmpty()) {
                greeting.publication = Optional.ofNullable(aeron.getExclusivePublication(greeting.registration));
            }
            if (!greeting.answered
                    && greeting.publication.isPresent()
                    && greeting.publication.get().isConnected()
                    && greeting.publication.get().offer(new UnsafeBuffer(greeting.answer)) > 0) {
                greeting.answered = true;
                if (greeting.refusal) {
                    greeting.deadline = System.nanoTime() + REFUSAL_NANOS;
                }
            }
            return true;
        } catch (AeronException e) {
            noise.note("%s: %s cannot be answered: %s".formatted(address, greeting.hello.remote(), e.getMessage()));
            return false;
        }
    }

    private static void abandon(Aeron aeron, Greeting greeting) {
        try {
            greeting.publication.ifPresentOrElse(
                    ExclusivePublication::close, () -> aeron.asyncRemovePublication(greeting.registration));
        } catch (AeronException e) {
            // the driver has given this process up, and the publication with it
        }
    }

    /** The client's first packet under the session's keys makes it a peer. */
    Optional<Peer> confirm(int session, int imageSession, DirectBuffer buffer, int offset, int length) {
        for (Iterator<Greeting> all = greetings.iterator(); all.hasNext(); ) {
            Greeting greeting = all.next();
            if (greeting.session == session
                    && greeting.imageSession == imageSession
                    && greeting.answered
                    && !greeting.refusal) {
                boolean inMemory = address instanceof Ipc;
                Inbound inbound = greeting.inbound.orElseGet(() -> new Inbound(greeting.keys.toServer(), inMemory));
                greeting.inbound = Optional.of(inbound);
                if (inbound.accept(buffer, offset, length) != Inbound.Result.CONFIRMED) {
                    return Optional.empty();
                }
                all.remove();
                String where = "%s at %s".formatted(greeting.hello.name(), greeting.hello.remote());
                Outbound outbound = new Outbound(
                        where,
                        greeting.publication.orElseThrow(),
                        greeting.keys.toClient(),
                        session,
                        inMemory,
                        Peer.MOST_QUEUED);
                return Optional.of(new Peer(greeting.hello, session, imageSession, outbound, inbound));
            }
        }
        return Optional.empty();
    }

    boolean knows(int imageSession) {
        return greetings.stream().anyMatch(g -> g.imageSession == imageSession);
    }

    void close(Aeron aeron) {
        if (!aeron.isClosed()) {
            greetings.forEach(greeting -> abandon(aeron, greeting));
        }
        greetings.clear();
        calls.clear();
    }
}
