package io.dino4j.train.live;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A page that shows a run in the browser while it goes, or after. It is served to this machine only, and holds no address of another.
 * Its threads end with the process, read files, and touch no array of the run.
 */
public final class LivePage implements AutoCloseable {
    /** Where the page is unless one asks for another port. */
    public static final int DEFAULT_PORT = 8484;

    private static final int MOST_PORT = 65_535;

    /** A slow reader must not keep another waiting. */
    private static final int THREADS = 4;

    private final HttpServer server;
    private final ExecutorService threads;

    private LivePage(HttpServer server, ExecutorService threads) {
        this.server = server;
        this.threads = threads;
    }

    /**
     * Serves a run that this process trains.
     *
     * @param folder folder of the run, which may not have begun yet
     * @param port 1 to 65535, or 0 for any that is free
     * @param feed what this process tells of the run
     * @throws IllegalArgumentException if there is no such port or another program has it
     */
    public static LivePage of(Path folder, int port, LiveFeed feed) {
        return open(folder, port, Optional.of(feed));
    }

    /**
     * Serves a run from its files alone: one that is over, or one of another process. It has no pictures.
     *
     * @param folder folder of the run
     * @param port 1 to 65535, or 0 for any that is free
     * @throws IllegalArgumentException if there is no such port or another program has it
     */
    public static LivePage watch(Path folder, int port) {
        return open(folder, port, Optional.empty());
    }

    private static LivePage open(Path folder, int port, Optional<LiveFeed> feed) {
        if (port < 0 || port > MOST_PORT) {
            throw new IllegalArgumentException(
                    "there is no port %d; name one from 1 to %d, or 0 for any that is free".formatted(port, MOST_PORT));
        }
        HttpServer server;
        try {
            server = HttpServer.create(
                    new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port), 0);
        } catch (BindException e) {
            throw new IllegalArgumentException("port %d cannot be had (%s); name another one, or 0 for any that is free"
                    .formatted(port, e.getMessage()));
        } catch (IOException e) {
            throw new UncheckedIOException("the page cannot be served: " + e.getMessage(), e);
        }
        ExecutorService threads = Executors.newFixedThreadPool(THREADS, work -> {
            Thread thread = new Thread(work, "dino4j-page");
            thread.setDaemon(true);
            return thread;
        });
        server.setExecutor(threads);
        server.createContext(
                "/",
                new PageHandler(new RunView(folder, feed), server.getAddress().getPort()));
        startAsDaemon(server);
        return new LivePage(server, threads);
    }

    /** The server's own thread is as its parent: it must not keep a process alive. */
    private static void startAsDaemon(HttpServer server) {
        Thread parent = new Thread(server::start, "dino4j-page-start");
        parent.setDaemon(true);
        parent.start();
        try {
            parent.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Where it is, such as {@code http://127.0.0.1:8484/}. */
    public URI address() {
        return URI.create("http://127.0.0.1:%d/".formatted(server.getAddress().getPort()));
    }

    /** Ends the page; answers under way are cut short. */
    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
