package io.dino4j.train;

import io.dino4j.train.cluster.worker.FrameChannel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** The way of a worker to the servers, which can end at any word. */
final class MortalWay implements FrameChannel.Dialer {
    private final FrameChannel.Dialer way;
    private final AtomicInteger words = new AtomicInteger(Integer.MAX_VALUE); // until it is killed
    private final AtomicInteger kills = new AtomicInteger();

    MortalWay(FrameChannel.Dialer way) {
        this.way = way;
    }

    /** The worker is no more. */
    static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    void killAfter(int more) {
        words.set(more);
    }

    int kills() {
        return kills.get();
    }

    @Override
    public FrameChannel dial(int shard) throws IOException {
        FrameChannel channel = way.dial(shard);
        return new FrameChannel() {
            private boolean dead;

            @Override
            public synchronized void send(ByteBuffer... frame) throws IOException {
                if (words.decrementAndGet() == 0) {
                    kills.incrementAndGet();
                    dead = true;
                    channel.close();
                }
                if (dead) {
                    throw new Killed();
                }
                channel.send(frame);
            }

            @Override
            public Optional<ByteBuffer> receive(Duration timeout) throws IOException {
                return channel.receive(timeout);
            }

            @Override
            public Volume volume() {
                return channel.volume();
            }

            @Override
            public void close() {
                channel.close();
            }
        };
    }
}
