package io.dino4j.train.scaling;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A server as {@code cluster.server} is one: a single thread that takes messages in their order. Gradients are added in the order of ranks,
 * piece by piece, and those of later ranks wait. Its answers queue for its network card.
 */
final class SimulatedServer {
    /** An answer that has reached a worker. */
    @FunctionalInterface
    interface Receipt {
        void received(double there);
    }

    private record Asked(SimulatedWorker worker, double bytes, Receipt receipt) {}

    /** Bytes of an answer that is too small to hold up others at the worker's card: most are, and to follow them takes time. */
    private static final double SMALL = 1 << 16;

    private final StepSimulation world;
    private final int machine;
    private final long parameters;
    private final Resource thread = new Resource();
    private final int[] next; // per piece: the rank to be added next
    private final BitSet[] waiting; // per piece: ranks that have come early
    private final Map<Integer, List<Asked>> sums = new HashMap<>();
    private final List<Asked> norms = new ArrayList<>();
    private int openPieces;
    private int step;
    private double preparedAt;
    private double committedAt;
    private double waitingBytes;
    private double mostWaiting;
    private double received;
    private double sent;

    SimulatedServer(StepSimulation world, int number, long parameters, int pieces) {
        this.world = world;
        this.machine = world.cluster().machineOfServer(number);
        this.parameters = parameters;
        next = new int[pieces];
        waiting = new BitSet[pieces];
        for (int i = 0; i < pieces; i++) {
            waiting[i] = new BitSet();
        }
        openPieces = pieces;
    }

    int machine() {
        return machine;
    }

    long parameters() {
        return parameters;
    }

    private double open(double there, double bytes, double messages, double more) {
        received += bytes;
        Machine m = world.machine();
        return thread.take(there, bytes / m.serverBytesPerSecond() + messages * m.messageSeconds() + more);
    }

    /**
     * Gradients of a piece have come.
     *
     * @return when they were begun with: a worker sends no more until then
     */
    double push(double there, int rank, int piece, long values, double bytes) {
        double adding = 4 * values / world.machine().sumBytesPerSecond();
        double more = adding; // to the sum, or aside
        if (next[piece] == rank) {
            next[piece]++;
            while (waiting[piece].get(next[piece])) {
                waiting[piece].clear(next[piece]++);
                waitingBytes -= 4.0 * values;
                more += adding;
            }
        } else {
            waiting[piece].set(rank);
            waitingBytes += 4.0 * values;
            mostWaiting = Math.max(mostWaiting, waitingBytes);
        }
        double begun = thread.start(there);
        double end = open(there, bytes, MessageSizes.pushes(values), more);
        if (next[piece] == world.cluster().workers() && --openPieces == 0) {
            preparedAt = thread.take(end, 4 * parameters / world.machine().sumBytesPerSecond());
            norms.forEach(a -> answer(preparedAt, a));
            norms.clear();
        }
        return begun;
    }

    /** Values to be summed have come; all are answered when the last ones have. */
    void reduce(double there, int tag, int values, SimulatedWorker worker, Receipt receipt) {
        double bytes = 8.0 * values;
        double end = open(there, bytes + MessageSizes.REDUCE, 1, 0);
        List<Asked> asked = sums.computeIfAbsent(tag, t -> new ArrayList<>());
        asked.add(new Asked(worker, bytes + MessageSizes.REDUCED, receipt));
        if (asked.size() == world.cluster().workers()) {
            double summed =
                    thread.take(end, asked.size() * bytes / world.machine().sumBytesPerSecond());
            asked.forEach(a -> answer(summed, a));
            sums.remove(tag);
        }
    }

    /** The squares are asked for. */
    void norms(double there, int wanted, SimulatedWorker worker, Receipt receipt) {
        double end = open(there, MessageSizes.NORMS, 1, 0);
        double squares = 8.0 * MessageSizes.blocks(parameters);
        Asked asked = new Asked(worker, squares + MessageSizes.SQUARES, receipt);
        if (wanted < step || openPieces == 0) {
            answer(end, asked);
        } else {
            norms.add(asked);
        }
    }

    /** The step is to be made; the first who says so makes it. */
    void commit(double there, int wanted, SimulatedWorker worker, Receipt receipt) {
        double end = open(there, MessageSizes.COMMIT, 1, 0);
        if (wanted == step) {
            step++;
            openPieces = next.length;
            Arrays.fill(next, 0);
            end = thread.take(end, parameters / world.machine().updatesPerSecond());
            committedAt = end;
        }
        answer(Math.max(end, committedAt), new Asked(worker, MessageSizes.COMMITTED, receipt));
    }

    /** Parameters are asked for. */
    void pull(double there, long values, SimulatedWorker worker, Receipt receipt) {
        double messages = MessageSizes.pulls(values, parameters);
        double end = open(there, messages * MessageSizes.PULL, messages, 0);
        answer(end, new Asked(worker, 4.0 * values + messages * MessageSizes.FLOATS, receipt));
    }

    private void answer(double from, Asked a) {
        double sealed = thread.take(from, a.bytes / world.machine().serverBytesPerSecond());
        sent += a.bytes;
        int to = a.worker.machine();
        double left = world.network().leave(sealed, machine, to, a.bytes);
        if (a.bytes < SMALL) {
            a.receipt.received(world.network().arriveAlone(left, machine, to, a.bytes));
        } else {
            world.events().at(left, now -> a.receipt.received(world.network().arrive(now, machine, to, a.bytes)));
        }
    }

    /** Seconds of its thread so far. */
    double busy() {
        return thread.busy();
    }

    /** Bytes of messages that have come. */
    double received() {
        return received;
    }

    /** Bytes of messages that have been sent. */
    double sent() {
        return sent;
    }

    /** Most bytes of gradients that have waited at once. */
    double mostWaiting() {
        return mostWaiting;
    }
}
