package io.dino4j.examples.serve;

import com.sun.net.httpserver.HttpServer;
import io.dino4j.data.Progress;
import io.dino4j.data.source.ImageSource;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Image search in the browser, and as a small JSON API, see docs/serve.md. It runs on the server that is part of the JDK, as the live page of
 * a run does.
 */
public final class SearchServer implements AutoCloseable {
    /** Where it is unless one asks for another port. */
    public static final int DEFAULT_PORT = 8080;

    /** Searches that may wait while one is under way. */
    public static final int WAITING = 8;

    private static final int MOST_PORT = 65_535;

    /** More than may be in line for the network, so that the page and small pictures are served meanwhile. */
    private static final int THREADS = 2 * WAITING;

    private static final int GRACE_SECONDS = 3;
    private static final int POLL_MS = 20;

    private final HttpServer server;
    private final ExecutorService threads;
    private final ImageIndex index;
    private final AtomicInteger underWay;

    static {
        // whoever sends or takes a byte a minute must not hold a thread for ever; read by the server when its first
        // class is loaded
        limit("sun.net.httpserver.maxReqTime", "300"); // 32 MB at 1 Mbit/s
        limit("sun.net.httpserver.maxRspTime", "300");
        limit("jdk.httpserver.maxConnections", "256");
    }

    private static void limit(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    /**
     * What is searched.
     *
     * @param where as the images were named
     * @param source the images
     * @param network closed by its owner, after the server
     * @param index folder of the index; made if need be
     * @param patchBytes of patch features that are kept on the disk, at most; 0 for none
     * @param waiting searches that may wait while one is under way, 0 or more
     */
    public record Setup(
            String where, ImageSource source, SearchNetwork network, Path index, long patchBytes, int waiting) {
        /** The folder of the index unless another is named: below the user's cache, of its own for images, weights and size. */
        public static Path usualIndex(String where, SearchNetwork network) {
            return IndexFolder.usual(where, network.name(), network.size());
        }
    }

    private SearchServer(HttpServer server, ExecutorService threads, ImageIndex index, AtomicInteger underWay) {
        this.server = server;
        this.threads = threads;
        this.index = index;
        this.underWay = underWay;
    }

    /**
     * Takes the port, brings the index up to date, and serves.
     *
     * @param setup what is searched
     * @param host name or address to listen at
     * @param port 1 to 65535, or 0 for any that is free
     * @param progress told of every image that is indexed
     * @throws IllegalArgumentException if the port or the address cannot be had, no image can be read, or the index is of other weights
     * @throws IOException if the index cannot be written, or another process is writing it
     */
    public static SearchServer open(Setup setup, String host, int port, Progress progress) throws IOException {
        InetAddress address = address(host);
        HttpServer server = bind(address, port);
        try {
            ImageIndex index = Indexing.run(
                    setup.index(), setup.where(), setup.source(), setup.network(), setup.patchBytes(), progress);
            int taken = server.getAddress().getPort();
            Guard guard = address.isLoopbackAddress() ? Guard.ofThisMachine(taken) : Guard.ofAnyHost();
            ExecutorService threads = Executors.newFixedThreadPool(THREADS, work -> {
                Thread thread = new Thread(work, "dino4j-search");
                thread.setDaemon(true);
                return thread;
            });
            server.setExecutor(threads);
            SearchHandler handler = new SearchHandler(
                    new ImageSearch(index, setup.network()),
                    new CopyGroups(index, setup.where()),
                    name(setup.where()),
                    guard,
                    setup.waiting());
            AtomicInteger underWay = new AtomicInteger();
            server.createContext("/", exchange -> {
                underWay.incrementAndGet();
                try {
                    handler.handle(exchange);
                } finally {
                    underWay.decrementAndGet();
                }
            });
            server.start();
            return new SearchServer(server, threads, index, underWay);
        } catch (IOException | RuntimeException e) {
            server.stop(0);
            throw e;
        }
    }

    private static String name(String where) {
        Path last = Path.of(where).toAbsolutePath().normalize().getFileName();
        return last == null ? where : last.toString();
    }

    private static InetAddress address(String host) {
        try {
            return InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("--host: '%s' is no name or address of this machine".formatted(host), e);
        }
    }

    private static HttpServer bind(InetAddress address, int port) throws IOException {
        if (port < 0 || port > MOST_PORT) {
            throw new IllegalArgumentException(
                    "there is no port %d; name one from 1 to %d, or 0 for any that is free".formatted(port, MOST_PORT));
        }
        try {
            return HttpServer.create(new InetSocketAddress(address, port), 0);
        } catch (BindException e) {
            throw new IllegalArgumentException(
                    "port %d of %s cannot be had (%s); name another one, or 0 for any that is free"
                            .formatted(port, address.getHostAddress(), e.getMessage()));
        } catch (SocketException e) {
            throw new IllegalArgumentException(
                    "%s cannot be listened at (%s)".formatted(address.getHostAddress(), e.getMessage()));
        }
    }

    /** Whether only this machine can reach it. */
    public boolean isOfThisMachineOnly() {
        return server.getAddress().getAddress().isLoopbackAddress();
    }

    /** Where it is on this machine, such as {@code http://127.0.0.1:8080/}. */
    public URI address() {
        InetAddress address = server.getAddress().getAddress();
        String host = address.isAnyLocalAddress() ? "127.0.0.1" : address.getHostAddress();
        String literal = host.contains(":") ? "[" + host + "]" : host;
        return URI.create("http://%s:%d/".formatted(literal, server.getAddress().getPort()));
    }

    /** Images that can be found. */
    public int images() {
        return index.size();
    }

    /** Gives the answers under way a moment to end. */
    @Override
    public void close() {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(GRACE_SECONDS);
        try {
            while (underWay.get() > 0 && System.nanoTime() < end) {
                Thread.sleep(POLL_MS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        server.stop(0); // with a delay it would wait for all of it, whether there is an answer under way or not
        threads.shutdown();
    }
}
