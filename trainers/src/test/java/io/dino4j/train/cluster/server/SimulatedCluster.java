package io.dino4j.train.cluster.server;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.train.cluster.message.Codec;
import io.dino4j.train.cluster.message.Limits;
import io.dino4j.train.cluster.message.MalformedMessageException;
import io.dino4j.train.cluster.message.Message;
import io.dino4j.train.optim.Workers;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;

/** Servers, workers and the links between them in one thread; what happens next is drawn. */
final class SimulatedCluster implements AutoCloseable {
    static final Duration STALL = Duration.ofSeconds(2);
    private static final long ACTION_NANOS = 2_000_000;

    /** A connection; frames arrive in order, some time after they were sent. */
    static final class Link implements Peer {
        private final String name;
        final int server;
        final Deque<ByteBuffer> toServer = new ArrayDeque<>();
        final Deque<ByteBuffer> toWorker = new ArrayDeque<>();
        boolean isBroken;

        Link(String name, int server) {
            this.name = name;
            this.server = server;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public void send(Message message) {
            toWorker.add(frame(message));
        }

        void tell(Message message) {
            toServer.add(frame(message));
        }
    }

    private static final ByteBuffer SCRATCH = ByteBuffer.allocate(Limits.FRAME);

    private final SplittableRandom random;
    private final Path folder;
    private final Workers workers;
    private final int worldSize;
    private final int staleness;
    private final List<Link> links = new ArrayList<>();
    final List<ShardServer> servers = new ArrayList<>();
    final List<SimulatedWorker> running = new ArrayList<>();
    final List<String> log = new ArrayList<>();
    private long nanos;

    SimulatedCluster(Path folder, int shards, int worldSize, int staleness, long seed, Workers workers) {
        this.folder = folder;
        this.worldSize = worldSize;
        this.staleness = staleness;
        this.random = new SplittableRandom(seed);
        this.workers = workers;
        for (int i = 0; i < shards; i++) {
            servers.add(start(i, shards));
        }
    }

    private ShardServer start(int shard, int shards) {
        Settings settings = new Settings(shard, shards, folder.resolve("server-" + shard), 5, STALL, staleness);
        return new ShardServer(settings, workers, line -> log.add(shard + ": " + line));
    }

    int shards() {
        return servers.size();
    }

    int worldSize() {
        return worldSize;
    }

    long nanos() {
        return nanos;
    }

    static ByteBuffer frame(Message message) {
        Codec.write(message, SCRATCH.clear());
        return ByteBuffer.allocate(SCRATCH.position()).put(SCRATCH.flip()).flip();
    }

    static Message read(ByteBuffer frame) {
        try {
            return Codec.read(frame);
        } catch (MalformedMessageException e) {
            throw new AssertionError(e);
        }
    }

    Link connect(String worker, int server) {
        Link link = new Link(worker, server);
        links.add(link);
        return link;
    }

    /** The other end of these links is told in a while, and frames on their way are lost. */
    void cut(List<Link> lost) {
        for (Link link : lost) {
            link.isBroken = true;
            link.toServer.clear();
            link.toWorker.clear();
        }
    }

    void kill(SimulatedWorker worker) {
        running.remove(worker);
        cut(worker.links());
    }

    /** Kills a server and starts it again in its folder. */
    void restart(int server) {
        servers.get(server).close();
        servers.set(server, start(server, servers.size()));
        for (Link link : List.copyOf(links)) {
            if (link.server == server) {
                cut(List.of(link));
                links.remove(link);
            }
        }
    }

    /** Lets one thing happen. */
    void act() {
        nanos += ACTION_NANOS;
        int what = random.nextInt(20);
        if (what == 0) {
            servers.forEach(s -> s.tick(nanos));
        } else if (what < 14 && !links.isEmpty()) {
            deliver(links.get(random.nextInt(links.size())));
        } else if (!running.isEmpty()) {
            running.get(random.nextInt(running.size())).act();
        }
    }

    private void deliver(Link link) {
        if (link.isBroken) {
            links.remove(link);
            servers.get(link.server).left(link);
        } else if (!link.toServer.isEmpty()) {
            servers.get(link.server).handle(link, read(link.toServer.poll()));
        }
    }

    /** Acts until all workers have done this many steps. */
    void runTo(long steps) {
        for (int i = 0; running.stream().anyMatch(w -> w.step() < steps); i++) {
            assertTrue(i < 4_000_000, () -> "no end of it: " + running + log);
            act();
        }
    }

    @Override
    public void close() {
        servers.forEach(ShardServer::close);
    }
}
