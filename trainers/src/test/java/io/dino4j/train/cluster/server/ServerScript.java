package io.dino4j.train.cluster.server;

import io.dino4j.train.cluster.message.Attempt;
import io.dino4j.train.cluster.message.GradientEncoding;
import io.dino4j.train.cluster.message.Message;
import io.dino4j.train.cluster.message.StateVector;
import io.dino4j.train.optim.GradientClip;
import io.dino4j.train.optim.Shard;
import io.dino4j.train.optim.Workers;
import io.dino4j.train.schedule.Hyper;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Servers that are told one thing after another, in two ranks of one run. */
final class ServerScript implements AutoCloseable {
    static final int WORLD = 2;

    private final Path folder;
    private final Workers workers;
    private final int staleness;
    final TinyRun run;
    final List<Shard> shards;
    final List<ShardServer> servers = new ArrayList<>();
    final List<String> log = new ArrayList<>();
    private final GradientClip clip;
    private long requests;

    ServerScript(Path folder, int shards, int staleness, Workers workers) {
        this.folder = folder;
        this.workers = workers;
        this.staleness = staleness;
        this.run = new TinyRun(WORLD, 6, workers);
        this.shards = TinyRun.shards(shards);
        this.clip = new GradientClip(TinyRun.GROUPS, TinyRun.CONFIG.optim().clipGrad(), workers);
        for (int i = 0; i < shards; i++) {
            servers.add(start(i));
        }
    }

    private ShardServer start(int i) {
        Settings settings =
                new Settings(i, shards.size(), folder.resolve("server-" + i), 2, SimulatedCluster.STALL, staleness);
        return new ShardServer(settings, workers, log::add);
    }

    /** Ends a server as a kill does, and starts it again. */
    void restart(int i) {
        servers.get(i).close();
        servers.set(i, start(i));
    }

    static SimulatedCluster.Link peer(String name) {
        return new SimulatedCluster.Link(name, 0);
    }

    long next() {
        return ++requests;
    }

    /** What a peer is answered, the last of it; or nothing. */
    List<Message> tell(SimulatedCluster.Link peer, int server, Message m) {
        servers.get(server).handle(peer, SimulatedCluster.read(SimulatedCluster.frame(m)));
        return heard(peer);
    }

    static List<Message> heard(SimulatedCluster.Link peer) {
        List<Message> all = new ArrayList<>();
        for (ByteBuffer frame : peer.toWorker) {
            all.add(SimulatedCluster.read(frame));
        }
        peer.toWorker.clear();
        return all;
    }

    Message ask(SimulatedCluster.Link peer, int server, Message m) {
        List<Message> all = tell(peer, server, m);
        if (all.size() != 1 || all.get(0).request() != m.request()) {
            throw new AssertionError(m + " was answered " + all);
        }
        return all.get(0);
    }

    Message.Configure configure(int server, int workerCount) {
        return new Message.Configure(
                next(),
                0,
                TinyRun.YAML,
                TinyRun.HASH,
                server,
                shards.size(),
                WORLD,
                workerCount,
                TinyRun.LENGTH,
                TinyRun.EXTRAS);
    }

    /** Configures all servers, seats one worker and loads the start; the seat is of view 1, the state of generation 1. */
    SimulatedCluster.Link begin(String name) {
        SimulatedCluster.Link peer = peer(name);
        for (int i = 0; i < servers.size(); i++) {
            ask(peer, i, configure(i, 1));
        }
        ask(peer, 0, new Message.Join(next(), name, 0));
        for (int i = 0; i < servers.size(); i++) {
            ask(peer, i, new Message.Fence(next(), 1));
            load(peer, i, 1, 1);
        }
        return peer;
    }

    Message.Status load(SimulatedCluster.Link peer, int server, long generation, long view) {
        for (StateVector v : StateVector.values()) {
            if (TinyRun.range(v, shards, server).isPresent()) {
                ask(peer, server, part(server, generation, view, v));
            }
        }
        return (Message.Status) ask(peer, server, new Message.Loaded(next(), generation, view, 0, 0, new byte[0]));
    }

    Message.Load part(int server, long generation, long view, StateVector v) {
        Shard s = TinyRun.range(v, shards, server).orElseThrow();
        return new Message.Load(
                next(), generation, view, v, s.from(), floats(run.states.get(0).get(v), s));
    }

    static ByteBuffer floats(float[] values, Shard s) {
        ByteBuffer bytes = ByteBuffer.allocate((int) s.length() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values, (int) s.from(), (int) s.length());
        return bytes;
    }

    Message.Push push(int server, Attempt attempt, int rank) {
        Shard s = shards.get(server);
        return new Message.Push(
                attempt,
                rank,
                1,
                s.from(),
                (int) s.length(),
                GradientEncoding.F32,
                floats(run.gradients.get((int) attempt.step())[rank], s));
    }

    /** What a step leaves, from a place to before another. */
    Message.Keep keep(Attempt attempt, long from, long to) {
        float[] extras = run.states.get((int) attempt.step() + 1).get(StateVector.EXTRAS);
        return new Message.Keep(attempt, from, floats(extras, new Shard(from, to)));
    }

    /** Both ranks' gradients to all servers, and what the step leaves; nothing is answered. */
    void pushAll(SimulatedCluster.Link peer, Attempt attempt) {
        tell(peer, 0, keep(attempt, 0, TinyRun.EXTRAS));
        for (int i = 0; i < servers.size(); i++) {
            tell(peer, i, push(i, attempt, 1));
            tell(peer, i, push(i, attempt, 0));
        }
    }

    Message.Commit commit(SimulatedCluster.Link peer, Attempt attempt) {
        double[] squares = new double[0];
        for (int i = 0; i < servers.size(); i++) {
            double[] more = ((Message.BlockSquares) ask(peer, i, new Message.Norms(next(), attempt, 0))).squares();
            squares = Arrays.copyOf(squares, squares.length + more.length);
            System.arraycopy(more, 0, squares, squares.length - more.length, more.length);
        }
        Hyper h = TinyRun.hyper(attempt.step());
        return new Message.Commit(
                next(),
                attempt,
                h.lr(),
                h.lastLayerLr(),
                h.weightDecay(),
                h.momentum(),
                clip.clipping(squares).factors(),
                new byte[] {(byte) attempt.step()});
    }

    /** One whole step. */
    void step(SimulatedCluster.Link peer, Attempt attempt) {
        pushAll(peer, attempt);
        Message.Commit commit = commit(peer, attempt);
        for (int i = 0; i < servers.size(); i++) {
            ask(peer, i, commit);
        }
    }

    /** True if all vectors of a server are those of a step, to the bit. */
    boolean isAt(int server, int step) {
        for (StateVector v : StateVector.values()) {
            if (TinyRun.range(v, shards, server).isEmpty()) {
                continue;
            }
            Shard s = TinyRun.range(v, shards, server).get();
            Message m = ask(peer("reader"), server, new Message.Pull(9, v, 0, s.from(), (int) s.length()));
            ByteBuffer expected = floats(run.states.get(step).get(v), s);
            if (!(m instanceof Message.Floats f) || !f.floats().equals(expected)) {
                return false;
            }
        }
        return true;
    }

    Path folder(int server) {
        return folder.resolve("server-" + server);
    }

    @Override
    public void close() {
        servers.forEach(ShardServer::close);
    }
}
