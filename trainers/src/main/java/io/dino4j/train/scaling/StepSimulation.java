package io.dino4j.train.scaling;

import io.dino4j.data.Seed;
import io.dino4j.train.cluster.worker.ParameterClient;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/** Some synchronous steps of workers and servers, as a sequence of events. */
final class StepSimulation {
    /**
     * Gradients are sent in about as many pieces at most: real messages are smaller, and too many to follow. A server's range has several all
     * the same, so that workers who send to one server at the same time get on together, as they would, and not one after the other.
     */
    private static final int MOST_PIECES = 128;

    private static final int LEAST_PER_SERVER = 8;

    /** The least that is followed on its own: workers wait for as much before they send, and servers sum pieces of this length. */
    private static final long LEAST_PIECE = 1 << 16;

    /**
     * Gradients of one layer for one server.
     *
     * @param server whose they are
     * @param number of the piece there
     * @param values how many gradients
     */
    record Piece(int server, int number, long values) {}

    /**
     * A layer in the backward pass.
     *
     * @param share of its time
     * @param pieces its gradients
     */
    record Backward(double share, List<Piece> pieces) {}

    private final Workload work;
    private final Cluster cluster;
    private final Machine machine;
    private final int steps;
    private final EventQueue events = new EventQueue();
    private final Network network;
    private final List<SimulatedServer> servers = new ArrayList<>();
    private final List<SimulatedWorker> workers = new ArrayList<>();
    private final List<Backward> layers;
    private final int pullParts;

    StepSimulation(Workload work, Cluster cluster, Machine machine, int steps, long seed) {
        this.work = work;
        this.cluster = cluster;
        this.machine = machine;
        this.steps = steps;
        network = new Network(cluster.machines(), machine);
        int[] pieces = new int[cluster.servers()];
        layers = backward(pieces);
        for (int s = 0; s < cluster.servers(); s++) {
            servers.add(new SimulatedServer(this, s, end(s) - start(s), pieces[s]));
        }
        Seed root = new Seed(seed).derive("compute time");
        for (int w = 0; w < cluster.workers(); w++) {
            workers.add(new SimulatedWorker(this, w, root.at(0, w)));
        }
        long range = work.parameters() / cluster.servers();
        long most = Math.max(1, range / ParameterClient.pulledAtOnce(range));
        pullParts = (int) Math.min(most, Math.max(1, MOST_PIECES / 2 / cluster.servers()));
    }

    private long start(int server) {
        return (long) ((double) work.parameters() * server / cluster.servers());
    }

    private long end(int server) {
        return server + 1 == cluster.servers() ? work.parameters() : start(server + 1);
    }

    private List<Backward> backward(int[] pieces) {
        double total = work.layers().stream().mapToDouble(Workload.Layer::work).sum();
        List<Backward> all = new ArrayList<>();
        long from = 0;
        int server = 0;
        long most =
                Math.max(LEAST_PIECE, work.parameters() / Math.max(MOST_PIECES, LEAST_PER_SERVER * cluster.servers()));
        for (Workload.Layer layer : work.layers()) {
            List<Piece> own = new ArrayList<>();
            long to = from + layer.parameters();
            while (from < to) {
                while (end(server) <= from) {
                    server++;
                }
                long until = Math.min(Math.min(to, end(server)), from + most);
                own.add(new Piece(server, pieces[server]++, until - from));
                from = until;
            }
            all.add(new Backward(total > 0 ? layer.work() / total : 0, List.copyOf(own)));
        }
        Collections.reverse(all);
        return List.copyOf(all);
    }

    Workload work() {
        return work;
    }

    Cluster cluster() {
        return cluster;
    }

    Machine machine() {
        return machine;
    }

    int steps() {
        return steps;
    }

    EventQueue events() {
        return events;
    }

    Network network() {
        return network;
    }

    List<SimulatedServer> servers() {
        return servers;
    }

    List<Backward> layers() {
        return layers;
    }

    int pullParts() {
        return pullParts;
    }

    /** Seconds of the passes of a worker, on average. */
    double meanCompute() {
        return work.flopsPerImage() * work.images() / machine.flopsPerSecond();
    }

    /** Runs all steps. */
    SimulatedStep run() {
        workers.forEach(w -> events.at(0, w::begin));
        events.run();
        double seconds =
                workers.stream().mapToDouble(SimulatedWorker::end).max().orElseThrow();
        double computed =
                mean(workers.stream().mapToDouble(SimulatedWorker::computed).toArray());
        double each = 1.0 / steps;
        return new SimulatedStep(
                seconds * each,
                seconds > 0 ? 1 - computed / seconds : 0,
                each * mean(workers.stream().mapToDouble(SimulatedWorker::sent).toArray()),
                each
                        * mean(workers.stream()
                                .mapToDouble(SimulatedWorker::received)
                                .toArray()),
                each
                        * mean(servers.stream()
                                .mapToDouble(SimulatedServer::received)
                                .toArray()),
                each * mean(servers.stream().mapToDouble(SimulatedServer::sent).toArray()),
                servers.stream().mapToDouble(SimulatedServer::mostWaiting).max().orElseThrow(),
                load(seconds));
    }

    private SimulatedStep.Load load(double seconds) {
        double scale = seconds > 0 ? 1 / seconds : 0;
        int[] cards = servers.stream().mapToInt(SimulatedServer::machine).toArray();
        return new SimulatedStep.Load(
                scale
                        * workers.stream()
                                .mapToDouble(SimulatedWorker::busy)
                                .max()
                                .orElseThrow(),
                scale * cards(IntStream.range(0, cluster.workers()).toArray()),
                scale
                        * servers.stream()
                                .mapToDouble(SimulatedServer::busy)
                                .max()
                                .orElseThrow(),
                scale * cards(cards));
    }

    /** The busiest direction of some cards. */
    private double cards(int[] machines) {
        return IntStream.of(machines)
                .mapToDouble(i -> Math.max(network.sending(i), network.receiving(i)))
                .max()
                .orElseThrow();
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElseThrow();
    }
}
