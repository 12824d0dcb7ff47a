package io.dino4j.train.cluster;

import io.dino4j.train.cluster.wire.Address;
import io.dino4j.train.cluster.wire.Connection;
import io.dino4j.train.cluster.wire.Credentials;
import io.dino4j.train.cluster.wire.RefusedException;
import io.dino4j.train.cluster.wire.Traffic;
import io.dino4j.train.cluster.wire.Wire;
import io.dino4j.train.cluster.worker.FrameChannel;
import io.dino4j.train.cluster.worker.RefusedByServerException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Connects to the servers of a run.
 *
 * @param wire the transport of this process
 * @param servers where they listen, in the order of their numbers
 * @param credentials of this worker
 */
public record WireDialer(Wire wire, List<Address> servers, Credentials credentials) implements FrameChannel.Dialer {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    @Override
    public FrameChannel dial(int shard) throws IOException {
        try {
            return new Channel(wire.connect(servers.get(shard), credentials, TIMEOUT));
        } catch (RefusedException e) {
            throw new RefusedByServerException(e.getMessage());
        }
    }

    private record Channel(Connection connection) implements FrameChannel {
        @Override
        public void send(ByteBuffer... parts) throws IOException {
            connection.send(parts);
        }

        @Override
        public Optional<ByteBuffer> receive(Duration timeout) throws IOException {
            return connection.receive(timeout);
        }

        @Override
        public Volume volume() {
            Traffic t = connection.traffic();
            return new Volume(t.bytesSent(), t.bytesReceived());
        }

        @Override
        public void close() {
            connection.close();
        }
    }
}
