package io.dino4j.train.cluster.wire;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** A server in a thread of its own that sends back what it gets, and remembers what it was told. */
class Served implements Service, AutoCloseable {
    static final Duration SOON = Duration.ofSeconds(10);

    final List<String> log = new CopyOnWriteArrayList<>();
    final Queue<String> events = new ConcurrentLinkedQueue<>();
    final Wire wire;
    final Listener listener;
    private final AtomicReference<Exception> failure = new AtomicReference<>();
    private final Thread thread;
    private final boolean ownsWire;
    private volatile boolean stop;

    /** With a driver of its own. */
    Served(Address address, Credentials credentials) throws IOException {
        this(Optional.empty(), address, credentials);
    }

    /** With a driver that others use as well, as starting one takes a while. */
    Served(Wire shared, Address address, Credentials credentials) throws IOException {
        this(Optional.of(shared), address, credentials);
    }

    private Served(Optional<Wire> shared, Address address, Credentials credentials) throws IOException {
        ownsWire = shared.isEmpty();
        wire = ownsWire ? Wire.embedded(log::add) : shared.get();
        try {
            listener = wire.listen(address, credentials, this);
        } catch (IOException | RuntimeException e) {
            closeWire();
            throw e;
        }
        thread = new Thread(this::run, "served");
        thread.start();
    }

    private void closeWire() {
        if (ownsWire) {
            wire.close();
        }
    }

    private void run() {
        try {
            listener.run(() -> stop);
        } catch (WireException | RuntimeException e) {
            failure.set(e);
        }
    }

    static Credentials plain(String name) {
        return new Credentials(Optional.empty(), "1.0", "", name);
    }

    static Udp freePort() throws SocketException {
        try (DatagramSocket probe = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            return new Udp("127.0.0.1", probe.getLocalPort());
        }
    }

    static byte[] numbered(int length, int seed) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i * 31 + (i >> 8) + seed);
        }
        return bytes;
    }

    static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    static byte[] receive(Connection connection) throws WireException {
        return bytes(connection.receive(SOON).orElseThrow());
    }

    static byte[] ask(Connection connection, byte[] question) throws WireException {
        connection.send(ByteBuffer.wrap(question));
        return receive(connection);
    }

    Connection client(String name) throws IOException {
        return wire.connect(listener.address(), plain(name), SOON);
    }

    void awaits(String event) throws InterruptedException {
        eventually(() -> events.contains(event), () -> event + " is not among " + events + ", " + log);
    }

    static void eventually(BooleanSupplier condition, Supplier<String> what) throws InterruptedException {
        long deadline = System.nanoTime() + SOON.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                fail(what.get());
            }
            Thread.sleep(5);
        }
    }

    Optional<Exception> failure() {
        return Optional.ofNullable(failure.get());
    }

    @Override
    public void connected(Peer peer) {
        events.add("connected " + peer.name());
    }

    @Override
    public void frame(Peer peer, ByteBuffer payload) {
        peer.send(payload);
    }

    @Override
    public void left(Peer peer, String reason) {
        events.add("left " + peer.name() + ": " + reason);
    }

    @Override
    public void close() {
        stop = true;
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        listener.close();
        closeWire();
    }
}
