package io.dino4j.train.scaling.measure;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;

/**
 * What the system takes to send and to receive a datagram of a network: the media driver does that on a thread of its own, whose time cannot
 * be told from what it spends looking for work. What it does beside is left out.
 */
final class Datagrams implements AutoCloseable {
    /** Bytes of a full datagram between machines. */
    static final int LENGTH = 1408;

    /** Bytes of messages in it. */
    static final double OF_MESSAGES = 1340;

    /** Fit in any socket's buffer. */
    private static final int AT_ONCE = 32;

    private final DatagramChannel sender;
    private final DatagramChannel receiver;
    private final ByteBuffer datagram = ByteBuffer.allocateDirect(LENGTH);

    /**
     * Of one datagram.
     *
     * @param send seconds
     * @param receive seconds
     */
    record Cost(double send, double receive) {}

    Datagrams(InetAddress host) throws IOException {
        sender = DatagramChannel.open();
        receiver = DatagramChannel.open();
        receiver.bind(new InetSocketAddress(host, 0)).configureBlocking(false);
        sender.bind(new InetSocketAddress(host, 0)).connect(receiver.getLocalAddress());
        receiver.connect(sender.getLocalAddress());
    }

    /** Sends and receives some times as many as fit. */
    Cost measure(int times) throws IOException {
        double send = 0;
        double receive = 0;
        int received = 0;
        for (int t = 0; t < times; t++) {
            double begin = CpuTime.seconds();
            for (int i = 0; i < AT_ONCE; i++) {
                datagram.clear();
                sender.write(datagram);
            }
            double sent = CpuTime.seconds();
            int here = 0;
            while (here < AT_ONCE && receiver.read(datagram.clear()) > 0) {
                here++;
            }
            receive += CpuTime.seconds() - sent;
            send += sent - begin;
            received += here;
        }
        if (received == 0) {
            throw new IOException("datagrams to this machine's own %s do not arrive; does a firewall stop UDP?"
                    .formatted(receiver.getLocalAddress()));
        }
        return new Cost(send / times / AT_ONCE, receive / received);
    }

    @Override
    public void close() throws IOException {
        sender.close();
        receiver.close();
    }
}
