package io.dino4j.train.cluster.worker;

import io.dino4j.graph.param.ParameterVector;
import io.dino4j.train.cluster.message.Attempt;
import io.dino4j.train.cluster.message.Limits;
import io.dino4j.train.cluster.message.Message;
import io.dino4j.train.cluster.message.StateVector;
import io.dino4j.train.optim.Shard;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * A worker's side of the parameter servers. Calls follow the course of a step: {@link #reduce} during it, {@link #push} of every gradient and
 * {@link #keep} of what the step leaves beside, {@link #norms}, {@link #commit}. Each may end with a {@link RegroupException}: then {@link #enter} again, and the step
 * that it names. Whatever is done twice counts once.
 *
 * <p>For one thread, but {@link #push} and {@link #alive} for any.
 */
public final class ParameterClient implements AutoCloseable {
    /** Gradients of a message. */
    public static final int PUSHED_AT_ONCE = Servers.CHUNK;

    private final ShardLinks links;
    private final Servers servers;
    private final Consumer<String> say;
    private Message.Seat seat;
    private volatile Attempt attempt = new Attempt(0, 0, 0);
    private int tag;
    private long exchangeNanos;

    /**
     * A client that is not connected.
     *
     * @param name of the worker, unique in the run; it keeps its ranks when it comes back under the same name
     * @param dialer opens the way to a server
     * @param say lines for people
     */
    public ParameterClient(String name, FrameChannel.Dialer dialer, Consumer<String> say) {
        this.links = new ShardLinks(dialer, say);
        this.servers = new Servers(name, links, say);
        this.say = say;
    }

    /**
     * Connects to all servers and takes a seat; waits for both as long as it takes.
     *
     * @return its ranks
     * @throws RefusedByServerException if a server will not have this worker
     */
    public Message.Seat join(RunSetup setup) throws RefusedByServerException {
        while (true) {
            try {
                links.connect(setup);
                seat = servers.seat();
                at(new Attempt(attempt.generation(), seat.view(), attempt.step()));
                return seat;
            } catch (RegroupException e) {
                links.pause();
            }
        }
    }

    private void at(Attempt now) {
        attempt = now;
        links.attempt(now);
    }

    /**
     * Brings all servers to one step, completing one that not all of them have made, and goes on from there.
     *
     * @return the step
     * @throws RegroupException if the membership has changed: {@link #join} again
     * @throws RefusedByServerException if a server will not have this worker
     */
    public Standing enter(Member member) throws RefusedByServerException {
        Rendezvous rendezvous = new Rendezvous(links, servers, member, seat, say);
        Rendezvous.Meeting meeting = rendezvous.meet();
        at(new Attempt(meeting.generation(), seat.view(), meeting.standing().step()));
        tag = 0;
        return meeting.standing();
    }

    /** A line for people. */
    public void say(String line) {
        say.accept(line);
    }

    /** Tells that this worker is alive though it does not contribute for a while. */
    public void alive() {
        servers.alive(attempt);
    }

    /**
     * Waits a moment without contributing.
     *
     * @throws RegroupException if somebody has come or gone, or the run has gone back
     */
    public void await() {
        links.pause();
        servers.confirm(attempt);
    }

    /**
     * Brings values of all ranks together.
     *
     * @param values those of this worker's ranks; on return those of all
     */
    public void reduce(Message.Op op, double[] values) {
        long start = System.nanoTime();
        try {
            int length = Limits.DOUBLES;
            for (int from = 0; from < values.length; from += length) {
                double[] part = Arrays.copyOfRange(values, from, Math.min(values.length, from + length));
                double[] sum = servers.reduce(attempt, tag++, seat, op, part);
                System.arraycopy(sum, 0, values, from, sum.length);
            }
        } finally {
            exchangeNanos += System.nanoTime() - start;
        }
    }

    /**
     * Sends gradients of a step; every element once.
     *
     * @param gradients the sum over this worker's ranks
     * @param from first element
     * @param to one past the last
     * @param packing how they are packed
     */
    public void push(ParameterVector gradients, long from, long to, GradientPacking packing) {
        for (Shard shard : servers.shards()) {
            long a = Math.max(from, shard.from());
            long b = Math.min(to, shard.to());
            if (a < b) {
                servers.push(attempt, seat, gradients, a, b, packing);
            }
        }
    }

    /**
     * Tells what the step leaves for the next beside its gradients, if this worker has rank 0: the others come to the same. To be called
     * before the last {@link #push} of the step.
     *
     * @param extras of the state after the step, as many as {@link RunSetup} says
     */
    public void keep(float[] extras) {
        if (seat.firstRank() == 0 && extras.length > 0) {
            servers.keep(attempt, extras);
        }
    }

    /**
     * Waits until all gradients of a step are there.
     *
     * @return sums of squares of all blocks of their sum, in order
     */
    public double[] norms(long step) {
        long start = System.nanoTime();
        try {
            return servers.norms(of(step));
        } finally {
            exchangeNanos += System.nanoTime() - start;
        }
    }

    /**
     * Makes a step.
     *
     * @param update how
     * @param student all of it is written
     */
    public void commit(long step, StepUpdate update, ParameterVector student) {
        long start = System.nanoTime();
        try {
            servers.commit(of(step), update, student);
        } finally {
            exchangeNanos += System.nanoTime() - start;
        }
    }

    private Attempt of(long step) {
        return new Attempt(attempt.generation(), attempt.view(), step);
    }

    /** What is pushed and reduced from now on belongs to another step. */
    public void begin(long step) {
        at(of(step));
        tag = 0;
    }

    /**
     * Fetches a vector.
     *
     * @param steps that the servers must have made
     * @param into all of it is written
     */
    public void pull(StateVector vector, long steps, ParameterVector into) {
        long start = System.nanoTime();
        try {
            servers.pull(vector, steps, into);
        } finally {
            exchangeNanos += System.nanoTime() - start;
        }
    }

    /**
     * Fetches what the last step has left beside the vectors of parameters.
     *
     * @param steps that the servers must have made
     * @param into all of it is written; as many as {@link RunSetup} says
     */
    public void pullExtras(long steps, float[] into) {
        long start = System.nanoTime();
        try {
            servers.pullExtras(steps, into);
        } finally {
            exchangeNanos += System.nanoTime() - start;
        }
    }

    /**
     * Parameters of a message.
     *
     * @param rangeLength parameters of the server
     */
    public static int pulledAtOnce(long rangeLength) {
        return StateTransfer.pulledAtOnce(rangeLength);
    }

    /** Nanoseconds spent waiting for servers and other workers so far: all of a step but the gradients that are sent meanwhile. */
    public long exchangeNanos() {
        return exchangeNanos;
    }

    /** Bytes to and from all servers so far. */
    public FrameChannel.Volume volume() {
        return links.volume();
    }

    /** Gives the seat back. */
    public void leave() {
        servers.leave();
    }

    @Override
    public void close() {
        servers.close();
    }
}
