package io.dino4j.train.cluster.worker;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;

/** An ordered way to one server and back, for frames. */
public interface FrameChannel extends AutoCloseable {
    /** Opens the way to a server. */
    @FunctionalInterface
    interface Dialer {
        /**
         * Connects.
         *
         * @param shard number of the server
         * @throws RefusedByServerException if it will not have this worker, which is of no use to try again
         * @throws IOException if it cannot be reached now
         */
        FrameChannel dial(int shard) throws IOException;
    }

    /**
     * Sends one frame; waits while the server is slow.
     *
     * @param parts of the frame, one behind the other, each from its position to its limit; both stay
     * @throws IOException if the connection is lost
     */
    void send(ByteBuffer... parts) throws IOException;

    /**
     * The next frame.
     *
     * @return valid until the next call; empty if none came in time
     * @throws IOException if the connection is lost
     */
    Optional<ByteBuffer> receive(Duration timeout) throws IOException;

    /** Frames and bytes so far. */
    Volume volume();

    @Override
    void close();

    /**
     * What has passed.
     *
     * @param sent bytes to the server, headers of messages among them
     * @param received bytes from it
     */
    record Volume(long sent, long received) {
        /** Nothing. */
        public static final Volume NONE = new Volume(0, 0);

        /** Both together. */
        public Volume plus(Volume other) {
            return new Volume(sent + other.sent, received + other.received);
        }
    }
}
