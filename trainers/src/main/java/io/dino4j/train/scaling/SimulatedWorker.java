package io.dino4j.train.scaling;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.random.RandomGenerator;

/** A worker as {@code ClusterUpdate} and {@code GradientSender} are one: what it does in a step, one thing after the other. */
final class SimulatedWorker {
    private final StepSimulation world;
    private final int rank;
    private final RandomGenerator random;
    private final Resource core = new Resource();
    private final Resource sender;
    private final Deque<StepSimulation.Piece> ready = new ArrayDeque<>();
    private boolean sending;
    private boolean backwardDone;
    private int step;
    private int tag;
    private int missing; // answers that are waited for
    private double latest; // of those that have come
    private double compute; // seconds of the present step
    private double computed;
    private double sent;
    private double received;
    private double end;

    SimulatedWorker(StepSimulation world, int rank, RandomGenerator random) {
        this.world = world;
        this.rank = rank;
        this.random = random;
        this.sender = world.machine().sharedCore() ? core : new Resource();
    }

    int machine() {
        return rank;
    }

    /** Begins a step, unless all are done. */
    void begin(double now) {
        end = now;
        if (step == world.steps()) {
            return;
        }
        double spread = world.machine().computeSpread();
        double factor = spread == 0 ? 1 : Math.exp(spread * random.nextGaussian() - spread * spread / 2);
        compute = world.meanCompute() * factor;
        computed += compute;
        tag = 0;
        backwardDone = false;
        double share = world.work().teacherShare();
        world.events().at(core.take(now, share * compute), this::targets);
    }

    private void targets(double now) {
        List<Integer> sums = world.work().targetSums();
        if (tag < sums.size()) {
            reduce(now, sums.get(tag), this::targets);
            return;
        }
        double student = (1 - world.work().teacherShare()) * compute;
        world.events().at(core.take(now, student / 3), t -> backward(t, 0));
    }

    private void reduce(double now, int values, EventQueue.Event then) {
        double bytes = 8.0 * values;
        double packed = core.take(now, seconds(bytes));
        SimulatedServer server = world.servers().get(tag % world.servers().size());
        expect(1);
        int number = step * 10_000 + tag++;
        double up = bytes + MessageSizes.REDUCE;
        // takes the card when it is packed, not before: others may have sent until then
        world.events()
                .at(
                        packed,
                        t -> server.reduce(
                                request(t, server, up),
                                number,
                                values,
                                this,
                                there -> received(
                                        core.take(there, seconds(bytes)), bytes + MessageSizes.REDUCED, then)));
    }

    private double seconds(double bytes) {
        return bytes / world.machine().workerBytesPerSecond();
    }

    private double request(double now, SimulatedServer server, double bytes) {
        sent += bytes;
        Network net = world.network();
        return net.arrive(net.leave(now, rank, server.machine(), bytes), rank, server.machine(), bytes);
    }

    private void expect(int answers) {
        missing = answers;
        latest = 0;
    }

    private void received(double there, double bytes, EventQueue.Event then) {
        received += bytes;
        latest = Math.max(latest, there);
        if (--missing == 0) {
            world.events().at(latest, then);
        }
    }

    /** The layers from the last to the first; the gradients of one are sent while the next is worked out. */
    private void backward(double now, int done) {
        if (done == world.layers().size()) {
            backwardDone = true;
            send(now);
            return;
        }
        StepSimulation.Backward layer = world.layers().get(done);
        double student = (1 - world.work().teacherShare()) * compute;
        world.events().at(core.take(now, student * 2 / 3 * layer.share()), t -> {
            ready.addAll(layer.pieces());
            send(t);
            backward(core.start(t), done + 1);
        });
    }

    /** Packs a piece while the one before is under way. */
    private void send(double now) {
        if (sending) {
            return;
        }
        if (ready.isEmpty()) {
            if (backwardDone) {
                backwardDone = false;
                reduce(now, Traffic.LOSSES, this::norms);
            }
            return;
        }
        sending = true;
        StepSimulation.Piece piece = ready.remove();
        double bytes = world.cluster().gradientBytes() * piece.values()
                + MessageSizes.pushes(piece.values()) * (double) MessageSizes.PUSH;
        double packed = sender.take(now, seconds(bytes));
        world.events().at(world.network().free(packed, rank), t -> {
            SimulatedServer server = world.servers().get(piece.server());
            double there = request(t, server, bytes);
            double begun = server.push(there, rank, piece.number(), piece.values(), bytes);
            world.network().hold(rank, server.machine(), Math.max(there, begun));
            sending = false;
            send(t);
        });
    }

    private void norms(double now) {
        expect(world.servers().size());
        for (SimulatedServer s : world.servers()) {
            double squares = 8.0 * MessageSizes.blocks(s.parameters());
            s.norms(
                    request(now, s, MessageSizes.NORMS),
                    step,
                    this,
                    there -> received(there, squares + MessageSizes.SQUARES, this::commit));
        }
    }

    /** The step, and what it makes of the student, are asked for at once. */
    private void commit(double now) {
        int parts = world.pullParts();
        expect(world.servers().size() * (1 + parts));
        for (SimulatedServer s : world.servers()) {
            s.commit(
                    request(now, s, MessageSizes.COMMIT),
                    step,
                    this,
                    there -> received(there, MessageSizes.COMMITTED, this::average));
        }
        for (SimulatedServer s : world.servers()) {
            for (int i = 0; i < parts; i++) {
                long values = s.parameters() * (i + 1) / parts - s.parameters() * i / parts;
                double messages = MessageSizes.pulls(values, s.parameters());
                double bytes = 4.0 * values + messages * MessageSizes.FLOATS;
                s.pull(
                        request(now, s, messages * MessageSizes.PULL),
                        values,
                        this,
                        there -> received(core.take(there, seconds(bytes)), bytes, this::average));
            }
        }
    }

    private void average(double now) {
        step++;
        double seconds = world.work().parameters() / world.machine().averagesPerSecond();
        computed += seconds;
        world.events().at(core.take(now, seconds), this::begin);
    }

    /** Seconds of steps that were no exchange: the network's passes and the average. */
    double computed() {
        return computed;
    }

    /** Seconds of its core so far. */
    double busy() {
        return core.busy();
    }

    /** Bytes of messages that were sent. */
    double sent() {
        return sent;
    }

    /** Bytes of messages that have come. */
    double received() {
        return received;
    }

    /** When it had done all steps. */
    double end() {
        return end;
    }
}
