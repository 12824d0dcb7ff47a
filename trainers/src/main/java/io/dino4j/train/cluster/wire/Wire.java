package io.dino4j.train.cluster.wire;

import io.aeron.Aeron;
import io.aeron.CncFileDescriptor;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.aeron.driver.status.SystemCounterDescriptor;
import io.aeron.exceptions.AeronException;
import io.dino4j.data.DaemonThreads;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.agrona.CloseHelper;

/**
 * A process's way to others: an Aeron client, with a media driver of its own or one that it shares.
 *
 * <p>Every frame carries its session, a strictly increasing number and a truncated HMAC-SHA256 under a key of that session and direction;
 * what is altered, repeated, out of order or foreign is dropped, counted and told at most once a second. Contents are not encrypted.
 *
 * <p>What strangers can make it take is bounded: {@value #MOST_SESSIONS} clients, {@value #MOST_OPENING} handshakes under way and as
 * many Aeron streams as both together, each with a log of 1.5 MiB in shared memory ({@link BoundedEndpoint} turns away others); a
 * stream that opens no session is rejected after some seconds. What remains: who can send UDP packets with a forged source may fill
 * those streams and so keep new clients out for as long as it lasts, or guess a stream's numbers and break a connection (never alter
 * it), which the client then opens anew. Servers send to their clients: a firewall must let UDP through both ways.
 *
 * <p>A peer that is killed is noticed within about 4 s. A process that stood still for more than 3 s (stopped, or starved) has lost its
 * connections and makes new ones; a listener goes on by itself.
 *
 * <p>Java must be started with {@code --add-opens java.base/jdk.internal.misc=ALL-UNNAMED}, as {@code ./dino4j} does.
 */
public final class Wire implements AutoCloseable {
    /** Bytes of the longest frame: 1 MiB and 1 KiB for the header of a message. */
    public static final int MAX_FRAME = (1 << 20) + 1024;

    static final int MOST_SESSIONS = 1024;
    static final int MOST_OPENING = 64;

    /** How long a process may say nothing to its driver. One that stood still for longer has lost its connections. */
    private static final Duration LIVENESS = Duration.ofSeconds(3);

    /** How long a driver may say nothing to another; they do every 0.1 s. What was lost is told about a second after that. */
    private static final Duration NETWORK_LIVENESS = Duration.ofSeconds(2);

    private static final Duration FAREWELL = Duration.ofMillis(50);
    private static final int COUNTERS = 2 << 20;
    private static final String FLAG = "--add-opens java.base/jdk.internal.misc=ALL-UNNAMED";

    private final Path directory;
    private final Optional<OwnDriver> driver;
    private final Noise noise;
    private final Consumer<String> log;
    private Aeron aeron;
    private boolean closed;

    private record OwnDriver(MediaDriver driver, DriverFolder folder) {}

    private Wire(Path directory, Optional<OwnDriver> driver, Noise noise, Consumer<String> log) {
        this.directory = directory;
        this.driver = driver;
        this.noise = noise;
        this.log = log;
        aeron = join();
    }

    /**
     * Starts a media driver in this process: one thread that sleeps while nothing moves. Its folder lies in memory, is closed to other
     * users and is removed with {@link #close}.
     *
     * @param log lines for the user
     * @throws IllegalStateException in one line, if Java was started without the flag that Aeron needs
     * @throws IOException if the folder cannot be made
     */
    public static Wire embedded(Consumer<String> log) throws IOException {
        return embedded(new Patience(), log);
    }

    /**
     * The same for processes of this machine that join it with {@link #shared}: it wakes seldom, as they need it to make room in their logs alone.
     *
     * @param log lines for the user
     * @throws IllegalStateException in one line, if Java was started without the flag that Aeron needs
     * @throws IOException if the folder cannot be made
     */
    public static Wire amongProcesses(Consumer<String> log) throws IOException {
        return embedded(Patience.seldom(), log);
    }

    private static Wire embedded(Patience patience, Consumer<String> log) throws IOException {
        requireFlag();
        Noise noise = new Noise(log);
        DriverFolder folder = DriverFolder.create();
        MediaDriver driver;
        try {
            driver = MediaDriver.launch(context(folder.path(), patience, noise));
        } catch (AeronException | IllegalStateException e) {
            folder.remove(log);
            throw new WireException(
                    "no media driver can be started in %s: %s".formatted(folder.path(), e.getMessage()), e);
        }
        try {
            return new Wire(folder.path(), Optional.of(new OwnDriver(driver, folder)), noise, log);
        } catch (AeronException e) {
            driver.close();
            folder.remove(log);
            throw new WireException(
                    "the media driver in %s does not answer: %s".formatted(folder.path(), e.getMessage()), e);
        }
    }

    /**
     * Joins the media driver of another process, so that {@link Ipc} addresses reach the processes that share it.
     *
     * @param directory the other's {@link #aeronDir}
     * @param log lines for the user
     * @throws IllegalStateException in one line, if Java was started without the flag that Aeron needs
     * @throws WireException if no driver is alive there
     */
    public static Wire shared(Path directory, Consumer<String> log) throws WireException {
        requireFlag();
        if (!Files.isRegularFile(directory.resolve(CncFileDescriptor.CNC_FILE))) {
            throw new WireException("no media driver is alive in %s: it has no file %s"
                    .formatted(directory, CncFileDescriptor.CNC_FILE));
        }
        try {
            return new Wire(directory, Optional.empty(), new Noise(log), log);
        } catch (AeronException e) {
            throw new WireException("no media driver is alive in %s: %s".formatted(directory, e.getMessage()), e);
        }
    }

    /**
     * Checks how Java was started.
     *
     * @throws IllegalStateException in one line, if it was without the flag that Aeron needs
     */
    public static void requireFlag() {
        if (!Object.class.getModule().isExported("jdk.internal.misc", Wire.class.getModule())) {
            throw new IllegalStateException("training on several processes needs Java to be started with " + FLAG);
        }
    }

    private static MediaDriver.Context context(Path directory, Patience patience, Noise noise) throws IOException {
        int socketBuffer = socketBuffer();
        return new MediaDriver.Context()
                .aeronDirectoryName(directory.toString())
                .dirDeleteOnStart(true)
                .dirDeleteOnShutdown(true)
                .threadingMode(ThreadingMode.SHARED)
                .sharedIdleStrategy(patience)
                .sharedThreadFactory(new DaemonThreads("dino4j-media-driver"))
                .asyncExecutorEnabled(false)
                .errorHandler(e -> noise.note("media driver: " + Handshake.oneLine(String.valueOf(e.getMessage()))))
                .clientLivenessTimeoutNs(LIVENESS.toNanos())
                .imageLivenessTimeoutNs(NETWORK_LIVENESS.toNanos())
                .publicationConnectionTimeoutNs(NETWORK_LIVENESS.toNanos())
                .publicationLingerTimeoutNs(LIVENESS.toNanos())
                .publicationUnblockTimeoutNs(LIVENESS.multipliedBy(2).toNanos())
                .publicationTermBufferLength(Route.UDP_TERM)
                .ipcTermBufferLength(Route.IPC_TERM)
                .initialWindowLength(Math.min(Route.UDP_WINDOW, socketBuffer))
                .socketRcvbufLength(socketBuffer)
                .counterValuesBufferLength(COUNTERS)
                .streamSessionLimit(MOST_SESSIONS + 2 * MOST_OPENING)
                .receiveChannelEndpointSupplier((channel, dispatcher, status, context) ->
                        new BoundedEndpoint(channel, dispatcher, status, context, noise));
    }

    /** As much as the system gives, up to four windows: it counts what a packet takes, not what it holds. */
    private static int socketBuffer() throws IOException {
        try (DatagramChannel probe = DatagramChannel.open()) {
            probe.setOption(StandardSocketOptions.SO_RCVBUF, 4 * Route.UDP_WINDOW);
            return Math.min(4 * Route.UDP_WINDOW, probe.getOption(StandardSocketOptions.SO_RCVBUF));
        }
    }

    private Aeron join() {
        return Aeron.connect(new Aeron.Context()
                .aeronDirectoryName(directory.toString())
                .driverTimeoutMs(LIVENESS.toMillis())
                .threadFactory(new DaemonThreads("dino4j-aeron"))
                .errorHandler(e -> noise.note("transport: " + Handshake.oneLine(String.valueOf(e.getMessage())))));
    }

    /** The client; a new one if the process was stopped for so long that the driver has given the old one up. */
    synchronized Aeron aeron() throws WireException {
        if (closed) {
            throw new WireException("the transport of this process is closed");
        }
        try {
            if (aeron.isClosed()) {
                aeron = join();
            }
        } catch (AeronException e) {
            throw new WireException("the media driver in %s is gone: %s".formatted(directory, e.getMessage()), e);
        }
        return aeron;
    }

    /** A client in the place of one that the driver has given up, which may not know it yet. */
    synchronized Aeron inPlaceOf(Aeron givenUp) throws WireException {
        if (!closed && aeron == givenUp) {
            CloseHelper.quietClose(givenUp);
        }
        return aeron();
    }

    Noise noise() {
        return noise;
    }

    void log(String line) {
        log.accept(line);
    }

    /** Datagrams so far that the driver could make nothing of. */
    static long invalidPackets(Aeron aeron) {
        return aeron.countersReader().getCounterValue(SystemCounterDescriptor.INVALID_PACKETS.id());
    }

    /** The folder of the media driver, for {@link #shared} in other processes of this user. */
    public Path aeronDir() {
        return directory;
    }

    /**
     * Begins to serve; clients are taken while {@link Listener#poll} is called.
     *
     * @param address of this machine
     * @param credentials of this server
     * @param service told of clients and frames
     * @throws IllegalArgumentException if the address is open to other machines and there is no key, or its host is not known
     * @throws WireException if the address cannot be had
     */
    public Listener listen(Address address, Credentials credentials, Service service) throws WireException {
        return new Listener(this, address, credentials, service);
    }

    /**
     * Connects to a server.
     *
     * @param address of the server
     * @param credentials of this client
     * @param timeout how long to try, at least some 100 ms
     * @throws IllegalArgumentException if the address is open to other machines and there is no key, or its host is not known
     * @throws RefusedException if the server turns this client away
     * @throws WireException if it cannot be reached within the timeout
     */
    public Connection connect(Address address, Credentials credentials, Duration timeout)
            throws RefusedException, WireException {
        return Dialing.dial(this, address, credentials, timeout);
    }

    /**
     * Ends all listeners and connections of this process, and its media driver. What has not been answered may be lost.
     */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        boolean interrupted = Thread.interrupted(); // Aeron would leave its threads behind, with memory that is gone
        CloseHelper.quietClose(aeron);
        driver.ifPresent(own -> {
            LockSupport.parkNanos(
                    FAREWELL.toNanos()); // the driver's thread sends what is in the logs, closing words too
            CloseHelper.quietClose(own.driver());
            own.folder().remove(log);
        });
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
