package io.dino4j.train.cluster.server;

import io.dino4j.train.cluster.message.Attempt;
import io.dino4j.train.cluster.message.MalformedMessageException;
import io.dino4j.train.cluster.message.Message;
import io.dino4j.train.config.ConfigException;
import io.dino4j.train.optim.Workers;
import io.dino4j.zoo.weights.WeightsException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One server of a run's parameters: it holds a range of student, teacher and AdamW's moments, sums the gradients of all ranks, and makes a
 * step when a worker says so. Shard 0 also keeps the seats. What each message does is said at {@link Message}.
 *
 * <p>Single-threaded: {@link #handle}, {@link #left} and {@link #tick} are called by one thread. The update of a step is made inside the call
 * that asks for it; a snapshot is written meanwhile, until the next update. Nothing that a peer says ends the server: faults are answered
 * with {@link Message.Refused} and a log line.
 *
 * <p>Memory: four ranges of state, one for the sum, and what waits for its turn in the sum, which is W−1 ranges at most; all of it native.
 */
public final class ShardServer implements AutoCloseable {
    private static final long LONGEST_TICK = 1_000_000_000;
    private static final long LINE_NANOS = 1_000_000_000;

    @FunctionalInterface
    private interface Handler<M extends Message> {
        Optional<Message> handle(Peer peer, M message) throws MalformedMessageException;
    }

    private final Settings settings;
    private final Workers workers;
    private final Consumer<String> log;
    private final Map<Class<?>, Handler<?>> handlers = new HashMap<>();
    private final PendingAnswers pending = new PendingAnswers();
    private Optional<ShardRun> run = Optional.empty();
    private Optional<Membership> membership = Optional.empty();
    private long settled;
    private long now;
    private long lastTick = Long.MIN_VALUE;
    private long lastFault = -LINE_NANOS;

    /**
     * A server that waits to be configured.
     *
     * @param settings its number and its folder
     * @param workers who sums squares and updates; not closed here
     * @param log takes lines for people
     */
    public ShardServer(Settings settings, Workers workers, Consumer<String> log) {
        this.settings = settings;
        this.workers = workers;
        this.log = log;
        on(Message.Configure.class, (peer, m) -> Optional.of(configure(m)));
        on(Message.Join.class, this::join);
        on(Message.Leave.class, this::leave);
        on(Message.Fence.class, this::fence);
        on(Message.Blocked.class, this::blocked);
        on(Message.Load.class, (peer, m) -> heard(peer, run().load(m)));
        on(Message.Loaded.class, (peer, m) -> heard(peer, run().loaded(m)));
        on(Message.Restore.class, (peer, m) -> heard(peer, run().restore(m)));
        on(Message.Push.class, this::push);
        on(Message.Keep.class, this::keep);
        on(Message.Reduce.class, this::reduce);
        on(Message.Norms.class, this::norms);
        on(Message.Commit.class, this::commit);
        on(Message.Pull.class, this::pull);
    }

    private <M extends Message> void on(Class<M> type, Handler<M> handler) {
        handlers.put(type, handler);
    }

    /**
     * Does what a peer asks for; answers go out before this returns, to this peer and to others that have waited for it.
     *
     * @param message its arrays may be kept, its buffers are read before this returns
     */
    @SuppressWarnings("unchecked")
    public void handle(Peer peer, Message message) {
        Handler<Message> handler = (Handler<Message>) handlers.get(message.getClass());
        try {
            if (handler == null) {
                throw new IllegalArgumentException(
                        "a server is not told " + message.getClass().getSimpleName());
            }
            if (run.isEmpty() && !(message instanceof Message.Configure)) {
                peer.send(new Message.Stale(message.request(), 0, 0));
                return;
            }
            handler.handle(peer, message).ifPresent(peer::send);
        } catch (IllegalArgumentException | MalformedMessageException | ConfigException | WeightsException e) {
            log(peer, message, e.getMessage());
            peer.send(PendingAnswers.refusal(message.request(), e.getMessage()));
        }
        settle();
    }

    private void log(Peer peer, Message message, String reason) {
        if (now - lastFault >= LINE_NANOS) { // many faults are mostly one fault
            lastFault = now;
            log.accept("refused %s of '%s': %s".formatted(message.getClass().getSimpleName(), peer.name(), reason));
        }
    }

    /** A peer is gone: what it waits for is forgotten, and its seat too if it does not come back in time. */
    public void left(Peer peer) {
        pending.forget(peer);
        membership.ifPresent(seats -> seats.left(peer, now));
    }

    /**
     * Lets time pass: about ten times a second. When the server itself was away, such as writing a snapshot, only a second of it counts.
     *
     * @param nanos of a clock that never goes back
     */
    public void tick(long nanos) {
        if (lastTick != Long.MIN_VALUE) {
            now += Math.min(Math.max(0, nanos - lastTick), LONGEST_TICK);
        }
        lastTick = nanos;
        membership.ifPresent(seats -> {
            long before = seats.view();
            seats.tick(now, pending::isWaiting);
            announce(seats, before, Optional.empty());
        });
        settle();
    }

    /** True if the server has been told what to hold. */
    public boolean isConfigured() {
        return run.isPresent();
    }

    private ShardRun run() {
        return run.orElseThrow();
    }

    private Membership seats() {
        return membership.orElseThrow(() -> new IllegalArgumentException("seats are given by server 0"));
    }

    /** Answers everybody whose time has come. */
    private void settle() {
        while (run.isPresent() && settled != run().events()) {
            settled = run().events();
            pending.settle();
        }
    }

    private Message configure(Message.Configure m) {
        if (m.shard() != settings.shard() || m.shards() != settings.shards()) {
            throw new IllegalArgumentException("this is server %d/%d, not %d/%d"
                    .formatted(settings.shard(), settings.shards(), m.shard(), m.shards()));
        }
        boolean isNext = run.isPresent()
                && m.generation() > run().generation()
                && !m.configHash().equals(run().plan().wanted().configHash());
        if (run.isPresent() && !isNext) {
            run().plan().requireEqual(m);
            return run().status(m.request());
        }
        Plan plan = Plan.of(m);
        long view = run.map(ShardRun::view).orElse(0L);
        closeRun(view, m.generation());
        ShardRun next = open(plan, m.generation());
        next.fence(0, view);
        run = Optional.of(next);
        settled = next.events();
        if (settings.shard() == 0
                && !membership.filter(s -> s.isFor(m.worldSize(), m.workers())).isPresent()) {
            membership = Optional.of(new Membership(m.worldSize(), m.workers(), settings.stallTimeout(), view, log));
        }
        log.accept("holds parameters %d to %d of %d, in %.1f MB at most"
                .formatted(plan.shard().from(), plan.shard().to(), m.totalLength(), megabytes(plan)));
        return next.status(m.request());
    }

    private double megabytes(Plan plan) {
        return plan.bytes(1 + settings.maxStaleness()) / 1e6;
    }

    /** Gives up a phase that is over; what its snapshots hold is of no use in the next. */
    private void closeRun(long view, long generation) {
        if (run.isPresent()) {
            pending.endAll(request -> new Message.Stale(request, view, generation));
            run().close();
            run = Optional.empty();
        }
    }

    private ShardRun open(Plan plan, long generation) {
        Snapshots snapshots = Snapshots.open(settings.state(), log);
        if (generation > snapshots.generation()) {
            snapshots.discardOtherConfigurations(plan);
        }
        snapshots.requireOf(plan);
        long begin = Math.max(generation, snapshots.generation());
        try {
            return new ShardRun(plan, settings, snapshots, begin, workers, log);
        } catch (OutOfMemoryError e) {
            throw new IllegalArgumentException(
                    "there is no room for %.1f MB here; use more servers".formatted(megabytes(plan)), e);
        }
    }

    private Optional<Message> join(Peer peer, Message.Join m) {
        long before = seats().view();
        Message answer = seats().join(peer, m, now);
        announce(seats(), before, Optional.of(peer));
        return Optional.of(answer);
    }

    /** Tells those who are seated of a new view. */
    private void announce(Membership seats, long before, Optional<Peer> knows) {
        if (seats.view() == before) {
            return;
        }
        run().fence(0, seats.view());
        for (Peer peer : seats.peers()) {
            if (knows.isEmpty() || knows.get() != peer) {
                peer.send(run().stale(0));
            }
        }
    }

    private Optional<Message> leave(Peer peer, Message.Leave m) {
        long before = seats().view();
        seats().leave(peer, m.name(), now);
        announce(seats(), before, Optional.empty());
        return Optional.of(new Message.Ack(m.request()));
    }

    private Optional<Message> fence(Peer peer, Message.Fence m) {
        heard(peer);
        boolean isGiven = membership.map(seats -> seats.view() == m.view()).orElse(true);
        return Optional.of(isGiven ? run().fence(m.request(), m.view()) : run().stale(m.request()));
    }

    private Optional<Message> blocked(Peer peer, Message.Blocked m) {
        if (run().isStale(m.attempt())) {
            return Optional.of(run().stale(m.request()));
        }
        seats().blocked(peer, now);
        return Optional.of(new Message.Ack(m.request()));
    }

    private void heard(Peer peer) {
        membership.ifPresent(seats -> seats.heard(peer, now));
    }

    private Optional<Message> heard(Peer peer, Message answer) {
        heard(peer);
        return Optional.of(answer);
    }

    private void heard(Peer peer, Attempt attempt) {
        if (!run().isStale(attempt)) {
            heard(peer);
        }
    }

    private Optional<Message> push(Peer peer, Message.Push m) throws MalformedMessageException {
        heard(peer, m.attempt());
        return run().push(m);
    }

    private Optional<Message> keep(Peer peer, Message.Keep m) {
        heard(peer, m.attempt());
        return run().keep(m);
    }

    private Optional<Message> reduce(Peer peer, Message.Reduce m) {
        heard(peer, m.attempt());
        run().add(m);
        long request = m.request();
        Attempt attempt = m.attempt();
        int tag = m.tag(); // not the message: its values need not be kept
        return pending.now(peer, request, () -> run().reduced(request, attempt, tag));
    }

    private Optional<Message> norms(Peer peer, Message.Norms m) {
        heard(peer, m.attempt());
        return pending.now(peer, m.request(), () -> run().squares(m));
    }

    private Optional<Message> commit(Peer peer, Message.Commit m) {
        heard(peer, m.attempt());
        return Optional.of(run().commit(m));
    }

    private Optional<Message> pull(Peer peer, Message.Pull m) {
        heard(peer);
        Attempt asked = new Attempt(run().generation(), run().view(), m.minStep());
        return pending.now(peer, m.request(), () -> run().pull(m, asked));
    }

    /** Frees the memory. */
    @Override
    public void close() {
        run.ifPresent(ShardRun::close);
        run = Optional.empty();
    }
}
