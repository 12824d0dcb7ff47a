package io.dino4j.train.cluster.worker;

import io.dino4j.train.cluster.message.Attempt;
import io.dino4j.train.cluster.message.Codec;
import io.dino4j.train.cluster.message.Limits;
import io.dino4j.train.cluster.message.MalformedMessageException;
import io.dino4j.train.cluster.message.Message;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongConsumer;

/** One server as a worker sees it: messages, and answers to them in the order of the questions. */
final class ShardLink implements AutoCloseable {
    private static final Duration PULSE = Duration.ofSeconds(1);
    private static final Attempt NONE = new Attempt(0, 0, 0);

    private final int shard;
    private final FrameChannel channel;
    private final ByteBuffer out = ByteBuffer.allocateDirect(Limits.FRAME);
    private final LongConsumer views;
    private Attempt attempt = NONE;
    private boolean lost;
    private long requests;

    /** What a worker does while it waits, about once a second. */
    @FunctionalInterface
    interface Pulse {
        /** Tells that the worker is alive. */
        void beat() throws IOException;
    }

    /**
     * A server that is connected.
     *
     * @param views told of every view that the server knows of
     */
    ShardLink(int shard, FrameChannel channel, LongConsumer views) {
        this.shard = shard;
        this.channel = channel;
        this.views = views;
    }

    /** What the worker does from now on: an answer that this is out of date is meant for something older. */
    void attempt(Attempt now) {
        attempt = now;
    }

    /** True if the server cannot be reached through this any more. */
    boolean isLost() {
        return lost;
    }

    /** The number of the next question. */
    synchronized long next() {
        return ++requests;
    }

    /** Sends a message. */
    synchronized void send(Message message) {
        out.clear();
        ByteBuffer bulk = Codec.writeHead(message, out);
        out.flip();
        try {
            channel.send(out, bulk);
        } catch (IOException e) {
            throw lost(e);
        }
    }

    /**
     * Waits for the answer to a question.
     *
     * @param type the answer that is hoped for
     * @throws RegroupException if the server says that the question is out of date, or is lost
     * @throws RefusedByServerException if the server refuses
     */
    <A extends Message> A await(long request, Class<A> type, Pulse pulse) throws RefusedByServerException {
        while (true) {
            Message m = receive(pulse);
            boolean mine = m.request() == request;
            if (m instanceof Message.Stale stale) {
                views.accept(stale.view());
            }
            if (m instanceof Message.Stale stale && (mine || isNews(stale))) {
                throw new RegroupException(
                        "server %d is at view %d of state %d".formatted(shard, stale.view(), stale.generation()));
            }
            if (m instanceof Message.Refused refused && (mine || m.request() == 0)) {
                throw new RefusedByServerException("server %d: %s".formatted(shard, refused.reason()));
            }
            if (mine) {
                if (!type.isInstance(m)) {
                    throw new RegroupException("server %d answered %s where %s was due"
                            .formatted(shard, m.getClass().getSimpleName(), type.getSimpleName()));
                }
                return type.cast(m);
            } // else an answer to a question that nobody waits for any more
        }
    }

    private boolean isNews(Message.Stale stale) {
        return stale.view() != attempt.view() || stale.generation() != attempt.generation();
    }

    private Message receive(Pulse pulse) {
        try {
            Optional<ByteBuffer> frame = channel.receive(PULSE);
            while (frame.isEmpty()) {
                pulse.beat();
                frame = channel.receive(PULSE);
            }
            return Codec.read(frame.get());
        } catch (IOException | MalformedMessageException e) {
            throw lost(e);
        }
    }

    private RegroupException lost(Exception e) {
        lost = true;
        return new RegroupException("server %d is lost: %s".formatted(shard, e.getMessage()), e);
    }

    FrameChannel.Volume volume() {
        return channel.volume();
    }

    @Override
    public void close() {
        channel.close();
    }
}
