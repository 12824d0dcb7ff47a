package io.dino4j.train.cluster;

import io.dino4j.train.cluster.message.Codec;
import io.dino4j.train.cluster.message.Limits;
import io.dino4j.train.cluster.message.MalformedMessageException;
import io.dino4j.train.cluster.message.Message;
import io.dino4j.train.cluster.server.Settings;
import io.dino4j.train.cluster.server.ShardServer;
import io.dino4j.train.cluster.wire.Address;
import io.dino4j.train.cluster.wire.Credentials;
import io.dino4j.train.cluster.wire.Listener;
import io.dino4j.train.cluster.wire.Patience;
import io.dino4j.train.cluster.wire.Peer;
import io.dino4j.train.cluster.wire.Service;
import io.dino4j.train.cluster.wire.Wire;
import io.dino4j.train.cluster.wire.WireException;
import io.dino4j.train.optim.Workers;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** A parameter server of a run, on the network. */
public final class ParameterServer implements AutoCloseable {
    private static final long TICK = 100_000_000;

    private final Workers workers;
    private final ShardServer server;
    private final Listener listener;

    /**
     * Begins to listen.
     *
     * @param wire the transport of this process
     * @param address where to listen
     * @param credentials the key and the version that workers must have
     * @param settings its part of the parameters and its folder
     * @param threads that update
     * @param log lines for people
     * @throws IllegalArgumentException if the address can be reached from other machines and there is no key
     * @throws WireException if the address cannot be had
     */
    public ParameterServer(
            Wire wire, Address address, Credentials credentials, Settings settings, int threads, Consumer<String> log)
            throws WireException {
        workers = new Workers(threads);
        server = new ShardServer(settings, workers, log);
        listener = wire.listen(address, credentials, new Workplace(server, log));
    }

    /**
     * Serves until told to stop.
     *
     * @throws WireException if this process has no transport any more
     */
    public void run(BooleanSupplier stop) throws WireException {
        long nextTick = System.nanoTime();
        Patience patience = Patience.considerate();
        while (!stop.getAsBoolean()) {
            patience.idle(listener.poll());
            long now = System.nanoTime();
            if (now - nextTick >= 0) {
                nextTick = now + TICK;
                server.tick(now);
            }
        }
    }

    /** Bytes to and from all workers. */
    public long bytes() {
        return listener.traffic().bytesReceived() + listener.traffic().bytesSent();
    }

    @Override
    public void close() {
        listener.close();
        server.close();
        workers.close();
    }

    /** Frames as messages. */
    private static final class Workplace implements Service {
        private final ShardServer server;
        private final Consumer<String> log;
        private final ByteBuffer out = ByteBuffer.allocateDirect(Limits.FRAME);
        private final Map<Peer, WirePeer> workers = new HashMap<>();

        Workplace(ShardServer server, Consumer<String> log) {
            this.server = server;
            this.log = log;
        }

        @Override
        public void connected(Peer peer) {
            workers.put(peer, new WirePeer(peer, out));
        }

        @Override
        public void frame(Peer peer, ByteBuffer payload) {
            Message message;
            try {
                message = Codec.read(payload);
            } catch (MalformedMessageException e) {
                log.accept("%s sent something that is no message: %s".formatted(peer, e.getMessage()));
                peer.close("that is no message: " + e.getMessage());
                return;
            }
            server.handle(workers.get(peer), message);
        }

        @Override
        public void left(Peer peer, String reason) {
            WirePeer worker = workers.remove(peer);
            if (worker != null) {
                server.left(worker);
            }
        }
    }
}
