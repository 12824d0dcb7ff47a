package io.dino4j.train.cluster.wire;

import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.SplittableRandom;

/**
 * One direction in Aeron's words. Packets are never fragmented by Aeron: what is longer than one packet is split here, so that nothing
 * that is not authenticated is ever put together.
 *
 * @param channel URI
 * @param stream number within the channel
 */
record Route(String channel, int stream) {
    /** Length of a term in bytes; a log has three. A publication of any other length is not ours. */
    static final int UDP_TERM = 512 * 1024;

    /** What may be under way: a frame of common length, so that its end need not wait for news from the receiver. */
    static final int UDP_WINDOW = UDP_TERM / 2;

    /** Half of it may be under way: a sender is seldom stopped by a receiver that has no processor at the moment. */
    static final int IPC_TERM = 16 * 1024 * 1024;

    /** Largest packets, with Aeron's header. Ethernet's for others, large ones where no wire is between. */
    static final int FAR_MTU = 1408;

    static final int LOOPBACK_MTU = 16 * 1024;
    static final int IPC_MTU = 65_504; // Aeron's largest

    private static final int TO_SERVER = 1;
    private static final int TO_CLIENT = 2;

    /** Streams above are those of answers over shared memory. */
    private static final int IPC_ANSWERS = 1 << 16;

    private static Route ipc(int stream) {
        return new Route("aeron:ipc?term-length=%d|mtu=%d".formatted(IPC_TERM, IPC_MTU), stream);
    }

    /**
     * What a server subscribes to and its clients publish on.
     *
     * @throws IllegalArgumentException if the host is not known
     */
    static Route toServer(Address address) {
        if (address instanceof Udp udp) {
            try {
                return udp(udp.resolve(), udp.port(), TO_SERVER);
            } catch (UnknownHostException e) {
                throw new IllegalArgumentException("%s: no machine of this name is known".formatted(address), e);
            }
        }
        return ipc(((Ipc) address).stream());
    }

    private static Route udp(InetAddress host, int port, int stream) {
        int mtu = host.isLoopbackAddress() ? LOOPBACK_MTU : FAR_MTU;
        return new Route(
                "aeron:udp?endpoint=%s:%d|term-length=%d|mtu=%d".formatted(literal(host), port, UDP_TERM, mtu), stream);
    }

    private static String literal(InetAddress host) {
        String text = host.getHostAddress();
        return text.contains(":") ? "[" + text + "]" : text;
    }

    /** Where a client waits for answers: a free port of the interface that leads to the server, or a stream of its own. */
    static Route answers(Address server) throws SocketException {
        if (server instanceof Udp udp) {
            try (DatagramSocket probe = new DatagramSocket()) { // connecting sends nothing, and names the interface
                probe.connect(new InetSocketAddress(udp.host(), udp.port()));
                return new Route("aeron:udp?endpoint=%s:0".formatted(literal(probe.getLocalAddress())), TO_CLIENT);
            }
        }
        return ipc(new SplittableRandom().nextInt(IPC_ANSWERS, Integer.MAX_VALUE));
    }

    /**
     * How a server answers.
     *
     * @param source of the client's packets, as Aeron names it: address:port
     * @param reply port or stream that the client named
     */
    static Route toClient(String source, int reply) throws UnknownHostException {
        int colon = source.lastIndexOf(':');
        if (source.startsWith("aeron:ipc") || source.startsWith("aeron-ipc") || colon < 0) {
            return ipc(Math.max(IPC_ANSWERS, reply));
        }
        // an address, never a name: nothing is looked up
        return udp(InetAddress.getByName(source.substring(0, colon)), reply & 0xffff, TO_CLIENT);
    }
}
