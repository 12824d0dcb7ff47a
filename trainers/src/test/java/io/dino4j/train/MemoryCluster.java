package io.dino4j.train;

import io.dino4j.train.cluster.message.Codec;
import io.dino4j.train.cluster.message.Limits;
import io.dino4j.train.cluster.message.MalformedMessageException;
import io.dino4j.train.cluster.message.Message;
import io.dino4j.train.cluster.server.Peer;
import io.dino4j.train.cluster.server.Settings;
import io.dino4j.train.cluster.server.ShardServer;
import io.dino4j.train.cluster.worker.FrameChannel;
import io.dino4j.train.optim.Workers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Parameter servers as threads of this JVM, which can be killed and started again; frames are those of the network. */
final class MemoryCluster implements AutoCloseable {
    private final Node[] nodes;
    private final Path folder;
    private final int staleness;
    private final List<String> log = new CopyOnWriteArrayList<>();

    MemoryCluster(Path folder, int servers, int staleness) {
        this.folder = folder;
        this.staleness = staleness;
        nodes = new Node[servers];
        for (int i = 0; i < servers; i++) {
            start(i);
        }
    }

    private void start(int server) {
        nodes[server] = new Node(server);
        nodes[server].start();
    }

    /** Ends a server at once; what it has in memory is lost. Another one comes up in its folder. */
    void replace(int server) {
        nodes[server].kill();
        start(server);
    }

    List<String> log() {
        return log;
    }

    FrameChannel.Dialer dialer(String name) {
        return shard -> {
            Node node = nodes[shard];
            if (node.dead) {
                throw new IOException("no server " + shard);
            }
            return new Line(name, node);
        };
    }

    @Override
    public void close() {
        for (Node node : nodes) {
            node.kill();
        }
    }

    private record Mail(Line from, Optional<ByteBuffer> frame) {}

    /** One server. */
    private final class Node extends Thread {
        private final BlockingQueue<Mail> inbox = new LinkedBlockingQueue<>();
        private final Settings settings;
        private volatile boolean dead;

        Node(int server) {
            super("server-" + server);
            setDaemon(true);
            settings = new Settings(
                    server, nodes.length, folder.resolve("server-" + server), 2, Duration.ofSeconds(30), staleness);
        }

        @Override
        public void run() {
            try (Workers workers = new Workers(1);
                    ShardServer server = new ShardServer(settings, workers, log::add)) {
                while (!dead) {
                    Mail mail = inbox.poll(20, TimeUnit.MILLISECONDS);
                    if (mail != null && mail.frame.isPresent()) {
                        server.handle(mail.from, Codec.read(mail.frame.get()));
                    } else if (mail != null) {
                        server.left(mail.from);
                    }
                    server.tick(System.nanoTime());
                }
            } catch (InterruptedException | MalformedMessageException e) {
                throw new IllegalStateException(e);
            }
        }

        void kill() {
            dead = true;
            try {
                join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** A connection of a worker. */
    private static final class Line implements FrameChannel, Peer {
        private final String name;
        private final Node node;
        private final BlockingQueue<ByteBuffer> answers = new LinkedBlockingQueue<>();
        private long sent;
        private long received;

        Line(String name, Node node) {
            this.name = name;
            this.node = node;
        }

        @Override
        public void send(ByteBuffer... parts) throws IOException {
            if (node.dead) {
                throw new IOException("the server is gone");
            }
            ByteBuffer copy = ByteBuffer.allocate(
                    Stream.of(parts).mapToInt(ByteBuffer::remaining).sum());
            for (ByteBuffer part : parts) {
                copy.put(part.duplicate());
            }
            copy.flip();
            sent += copy.remaining();
            node.inbox.add(new Mail(this, Optional.of(copy)));
        }

        @Override
        public Optional<ByteBuffer> receive(Duration timeout) throws IOException {
            try {
                long end = System.nanoTime() + timeout.toNanos();
                while (System.nanoTime() < end) {
                    ByteBuffer answer = answers.poll(10, TimeUnit.MILLISECONDS);
                    if (answer != null) {
                        received += answer.remaining();
                        return Optional.of(answer);
                    }
                    if (node.dead) {
                        throw new IOException("the server is gone");
                    }
                }
                return Optional.empty();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
        }

        @Override
        public Volume volume() {
            return new Volume(sent, received);
        }

        @Override
        public void close() {
            node.inbox.add(new Mail(this, Optional.empty()));
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public void send(Message message) {
            ByteBuffer frame = ByteBuffer.allocate(Limits.FRAME);
            Codec.write(message, frame);
            answers.add(frame.flip());
        }
    }
}
