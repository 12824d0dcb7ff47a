package io.dino4j.train.scaling.measure;

import io.dino4j.data.Progress;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.train.optim.Ema;
import io.dino4j.train.optim.Workers;
import io.dino4j.train.scaling.Machine;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Measures what a worker's and a server's core take for messages, sums, updates and averages: processor time of the threads that do it in a
 * run, medians of rounds. Network, latency and the speed of a step are not measured here.
 *
 * <p>A rate of messages is for both directions alike, as about as many bytes come as go: bytes there and back for the seconds of both. It holds what
 * the thread does, and what the system takes for the datagrams, which the media driver's thread sends and receives on the same core. On the
 * way through this machine alone a datagram costs its sender what a network's receiver would spend on interrupts; the sum of both ends is
 * much the same.
 */
public final class MachineMeasurement {
    private static final double GIGA = 1e9;
    private static final double MOMENTUM = 0.99;

    /** Rounds that are not counted: Java compiles meanwhile. */
    private static final int WARM_UP = 2;

    private final Machine rest;
    private final Extent extent;
    private final InetAddress host;
    private final Progress progress;
    private int done;

    /**
     * How much is done.
     *
     * @param prototypes of each of two heads, at least 1: a server on trial holds about 1.2 million parameters and 512 for each of them
     * @param rounds of everything, at least 1, of which the median counts
     * @param bursts of messages in a round, at least 1
     */
    public record Extent(int prototypes, int rounds, int bursts) {
        /** Some 20 seconds, and vectors that no cache holds. */
        public static final Extent FULL = new Extent(16_384, 7, 60);

        /** Checks the numbers. */
        public Extent {
            if (prototypes < 1 || rounds < 1 || bursts < 1) {
                throw new IllegalArgumentException("prototypes, rounds and bursts must be 1 or more, got %d, %d and %d"
                        .formatted(prototypes, rounds, bursts));
            }
        }
    }

    private MachineMeasurement(Machine rest, Extent extent, InetAddress host, Progress progress) {
        this.rest = rest;
        this.extent = extent;
        this.host = host;
        this.progress = progress;
    }

    /**
     * Measures.
     *
     * @param rest what is not measured, such as the network
     * @param extent how much is done
     * @param host an address of this machine, such as {@link #ownAddress}
     * @param progress is told what every part takes
     * @return the rest with the rates that were measured
     * @throws IOException in one line, if messages of this machine to itself do not arrive
     * @throws IllegalStateException if Java does not tell the processor time of threads, or was started without the flag that Aeron needs
     */
    public static Machine of(Machine rest, Extent extent, InetAddress host, Progress progress) throws IOException {
        CpuTime.require();
        return new MachineMeasurement(rest, extent, host, progress).measure();
    }

    /** An address that other machines use, so that packets are as long as theirs; the loopback's if there is none. */
    public static InetAddress ownAddress() throws IOException {
        for (NetworkInterface card : Collections.list(NetworkInterface.getNetworkInterfaces())) {
            for (InetAddress address : Collections.list(card.getInetAddresses())) {
                if (card.isUp() && !address.isLoopbackAddress() && !address.isLinkLocalAddress()) {
                    return address;
                }
            }
        }
        return InetAddress.getLoopbackAddress();
    }

    private Machine measure() throws IOException {
        progress.begin("measuring this machine", 0, 6L * (extent.rounds + WARM_UP));
        try (TrialServer server = new TrialServer(extent.prototypes)) {
            double[] sums = server(server);
            double averages = averages(server);
            double[] messages = messages(server);
            return rest.withRates(messages[0], messages[1], sums[0], sums[1], averages, messages[2]);
        } finally {
            progress.end();
        }
    }

    /** Bytes a second that are summed, and updates a second. */
    private double[] server(TrialServer server) throws IOException {
        Rounds<TrialServer.Cost> costs = rounds(server::steps);
        double sum = costs.median(c -> c.bytes() / c.sum());
        double update = costs.median(c -> c.updates() / c.update());
        say("a server adds up %.2f GB of gradients a second and updates %.3f G parameters a second", sum, update);
        return new double[] {sum, update};
    }

    private double averages(TrialServer server) throws IOException {
        long length = server.layout().length();
        ParameterVector average = ParameterVector.zeros(server.layout(), DataType.FLOAT);
        ParameterVector student = ParameterVector.zeros(server.layout(), DataType.FLOAT);
        try (Workers one = new Workers(1)) {
            Ema ema = new Ema(length, one);
            Rounds<Double> costs = rounds(() -> {
                double begin = CpuTime.seconds();
                ema.update(average, student, MOMENTUM);
                return CpuTime.seconds() - begin;
            });
            double rate = costs.median(seconds -> length / seconds);
            say("a worker averages %.3f G parameters a second", rate);
            return rate;
        } finally {
            average.vector().close();
            student.vector().close();
        }
    }

    /** Bytes a second of a worker and of a server, and seconds of a message at a server. */
    private double[] messages(TrialServer server) throws IOException {
        try (Datagrams datagrams = new Datagrams(host);
                TrialWire wire = new TrialWire(server, host)) {
            Rounds<Datagrams.Cost> system = rounds(() -> datagrams.measure(extent.bursts));
            Rounds<TrialWire.Cost> push = rounds(() -> wire.push(extent.bursts));
            Rounds<TrialWire.Cost> pull = rounds(() -> wire.pull(extent.bursts));
            Rounds<TrialWire.Cost> ask = rounds(() -> wire.ask(extent.bursts));
            double send = system.median(Datagrams.Cost::send);
            double receive = system.median(Datagrams.Cost::receive);
            double packets = wire.bytes() / Datagrams.OF_MESSAGES;
            double packs = push.median(TrialWire.Cost::worker) + packets * send;
            double opens = push.median(TrialWire.Cost::server) + packets * receive;
            double seals = pull.median(TrialWire.Cost::server) + packets * send;
            double unpacks = pull.median(TrialWire.Cost::worker) + packets * receive;
            double small = ask.median(TrialWire.Cost::server) + send + receive;
            double worker = rate(wire, packs, unpacks);
            double other = rate(wire, opens, seals);
            progress.say(text(
                    "the system takes %.2f us to send a datagram of %d bytes and %.2f us to receive one",
                    1e6 * send, Datagrams.LENGTH, 1e6 * receive));
            say(
                    "a worker packs and sends %.2f GB a second, receives and unpacks %.2f: %.2f there and back",
                    wire.bytes() / packs, wire.bytes() / unpacks, worker);
            say(
                    "a server receives and opens %.2f GB a second, seals and sends %.2f: %.2f there and back",
                    wire.bytes() / opens, wire.bytes() / seals, other);
            progress.say(text("a server takes %.1f us for a message and its answer, however small", 1e6 * small));
            return new double[] {worker, other, small};
        }
    }

    /** A message there and one back. */
    private static double rate(TrialWire wire, double there, double back) {
        return 2 * wire.bytes() / (there + back);
    }

    private interface Round<T> {
        T run() throws IOException;
    }

    private <T> Rounds<T> rounds(Round<T> round) throws IOException {
        List<T> costs = new ArrayList<>();
        for (int i = 0; i < WARM_UP + extent.rounds; i++) {
            T cost = round.run();
            if (i >= WARM_UP) {
                costs.add(cost);
            }
            progress.advance(++done, Map.of());
        }
        return new Rounds<>(costs);
    }

    /** Rates in billions. */
    private void say(String format, double... rates) {
        progress.say(text(format, DoubleStream.of(rates).mapToObj(r -> r / GIGA).toArray()));
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    /** Numbers of each round. */
    private record Rounds<T>(List<T> costs) {
        double median(ToDoubleFunction<T> of) {
            double[] sorted = costs.stream().mapToDouble(of).sorted().toArray();
            int n = sorted.length;
            return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
        }
    }
}
