package io.dino4j.train.scaling.measure;

import io.dino4j.data.DaemonThreads;
import io.dino4j.train.cluster.WirePeer;
import io.dino4j.train.cluster.message.Codec;
import io.dino4j.train.cluster.message.Limits;
import io.dino4j.train.cluster.message.MalformedMessageException;
import io.dino4j.train.cluster.message.Message;
import io.dino4j.train.cluster.message.StateVector;
import io.dino4j.train.cluster.wire.Connection;
import io.dino4j.train.cluster.wire.Credentials;
import io.dino4j.train.cluster.wire.Key;
import io.dino4j.train.cluster.wire.Listener;
import io.dino4j.train.cluster.wire.Peer;
import io.dino4j.train.cluster.wire.Service;
import io.dino4j.train.cluster.wire.Udp;
import io.dino4j.train.cluster.wire.Wire;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A worker and a server of one process that send each other messages over UDP, each with a media driver of its own. A few messages at a time, so that nobody
 * waits for room, and only the time of whoever finds something to do is counted.
 */
final class TrialWire implements AutoCloseable {
    /** Messages under way: as many as fit in a window. */
    private static final int LARGE = 2;

    private static final int SMALL = 32;
    private static final Duration CONNECT = Duration.ofSeconds(10);
    private static final long GIVE_UP = TimeUnit.SECONDS.toNanos(20);
    private static final long ARRIVAL = TimeUnit.MILLISECONDS.toNanos(1);

    private final TrialServer trial;
    private final ExecutorService serverThread = Executors.newSingleThreadExecutor(new DaemonThreads("dino4j-trial"));
    private final Wire ofServer;
    private final Wire ofWorker;
    private final Listener listener;
    private final Connection connection;
    private final ByteBuffer head = ByteBuffer.allocateDirect(Limits.FRAME);
    private final ByteBuffer target = ByteBuffer.allocateDirect(Limits.PAYLOAD);
    private long requests;
    private long frames; // that the server has taken, on its thread
    private volatile boolean connected;

    /**
     * Seconds of a message.
     *
     * @param worker of its sender's or receiver's thread
     * @param server likewise
     */
    record Cost(double worker, double server) {}

    /**
     * Connects.
     *
     * @param trial who answers what is no gradient
     * @param host of this machine: on loopback packets are larger than between machines
     */
    TrialWire(TrialServer trial, InetAddress host) throws IOException {
        this.trial = trial;
        Optional<Key> key = Optional.of(key());
        Wire server = Wire.embedded(line -> {});
        Wire worker = null;
        Listener listening = null;
        try {
            Udp address = new Udp(host.getHostAddress(), freePort(host));
            listening = server.listen(address, new Credentials(key, "", "", "server"), new Workplace());
            worker = Wire.embedded(line -> {});
            Listener l = listening;
            var handshake = serverThread.submit(() -> {
                l.run(() -> connected);
                return null;
            });
            connection = worker.connect(address, new Credentials(key, "", "", "worker"), CONNECT);
            connected = true;
            done(handshake::get);
        } catch (IOException | RuntimeException e) {
            serverThread.shutdownNow();
            if (worker != null) {
                worker.close();
            }
            server.close();
            throw e;
        }
        ofServer = server;
        ofWorker = worker;
        listener = listening;
    }

    private static Key key() throws IOException {
        Path folder = Files.createTempDirectory("dino4j-measure");
        Path file = folder.resolve("key");
        try {
            return Key.generate(file);
        } finally {
            Files.deleteIfExists(file);
            Files.delete(folder);
        }
    }

    private static int freePort(InetAddress host) throws IOException {
        try (DatagramSocket probe = new DatagramSocket(0, host)) {
            return probe.getLocalPort();
        }
    }

    private static <T> T done(Callable<T> waiting) throws IOException {
        try {
            return waiting.call();
        } catch (ExecutionException e) {
            throw new IOException("a server on trial failed: " + e.getCause().getMessage(), e.getCause());
        } catch (Exception e) {
            throw new IOException("interrupted while measuring", e);
        }
    }

    /** Gradients from the worker to the server, which opens them and does not add them up. */
    Cost push(int times) throws IOException {
        double worker = 0;
        double server = 0;
        for (int t = 0; t < times; t++) {
            double begin = CpuTime.seconds();
            for (int i = 0; i < LARGE; i++) {
                send(trial.push());
            }
            worker += CpuTime.seconds() - begin;
            server += serve(LARGE);
        }
        return new Cost(worker / times / LARGE, server / times / LARGE);
    }

    /** Bytes of a message of gradients, and of one of parameters as well: their headers are small. */
    double bytes() {
        return trial.push() instanceof Message.Push p ? p.bytes().remaining() : 0;
    }

    /** Parameters from the server to the worker, which puts them into a vector. */
    Cost pull(int times) throws IOException {
        return pull(times, LARGE, (int) bytes() / Float.BYTES);
    }

    /** The same of a single parameter: a message costs that much whatever its size is. */
    Cost ask(int times) throws IOException {
        return pull(times, SMALL, 1);
    }

    private Cost pull(int times, int messages, int floats) throws IOException {
        double worker = 0;
        double server = 0;
        for (int t = 0; t < times; t++) {
            for (int i = 0; i < messages; i++) {
                send(new Message.Pull(++requests, StateVector.STUDENT, 0, 0, floats));
            }
            server += serve(messages);
            worker += receive(messages);
        }
        return new Cost(worker / times / messages, server / times / messages);
    }

    private void send(Message message) throws IOException {
        head.clear();
        ByteBuffer bulk = Codec.writeHead(message, head);
        connection.send(head.flip(), bulk);
    }

    /** Seconds of the server's thread until it has taken some frames and answered them. */
    private double serve(int count) throws IOException {
        return done(serverThread.submit(() -> {
            long wanted = frames + count;
            long deadline = System.nanoTime() + GIVE_UP;
            double busy = 0;
            LockSupport.parkNanos(ARRIVAL);
            while (frames < wanted) {
                double begin = CpuTime.seconds();
                if (listener.poll() > 0) {
                    busy += CpuTime.seconds() - begin;
                } else {
                    await(deadline);
                }
            }
            return busy;
        })::get);
    }

    private double receive(int count) throws IOException {
        long deadline = System.nanoTime() + GIVE_UP;
        double busy = 0;
        LockSupport.parkNanos(ARRIVAL);
        for (int received = 0; received < count; ) {
            double begin = CpuTime.seconds();
            Optional<ByteBuffer> frame = connection.receive(Duration.ZERO);
            if (frame.isPresent()) {
                received++;
                unpack(frame.get());
            }
            busy += CpuTime.seconds() - begin;
            if (frame.isEmpty()) {
                await(deadline);
            }
        }
        return busy;
    }

    private void unpack(ByteBuffer frame) throws IOException {
        try {
            if (!(Codec.read(frame) instanceof Message.Floats m)) {
                throw new IOException("a server on trial sent no parameters");
            }
            target.clear().put(m.floats());
        } catch (MalformedMessageException e) {
            throw new IOException("a server on trial sent no message: " + e.getMessage(), e);
        }
    }

    private static void await(long deadline) throws IOException {
        if (System.nanoTime() - deadline > 0) {
            throw new IOException("messages to this machine itself do not arrive; does a firewall stop UDP?");
        }
        LockSupport.parkNanos(ARRIVAL / 5);
    }

    @Override
    public void close() throws IOException {
        connection.close();
        done(serverThread.submit(() -> {
            listener.close();
            return null;
        })::get);
        serverThread.shutdown();
        ofWorker.close();
        ofServer.close();
    }

    /** What a server does with frames, but for the sum. */
    private final class Workplace implements Service {
        private final ByteBuffer out = ByteBuffer.allocateDirect(Limits.FRAME);

        @Override
        public void connected(Peer peer) {
            // there is only one
        }

        @Override
        public void frame(Peer peer, ByteBuffer payload) {
            try {
                Message message = Codec.read(payload);
                if (!(message instanceof Message.Push)) {
                    trial.server().handle(new WirePeer(peer, out), message);
                }
                frames++;
            } catch (MalformedMessageException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public void left(Peer peer, String reason) {
            // at the end
        }
    }
}
