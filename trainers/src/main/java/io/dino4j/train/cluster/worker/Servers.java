package io.dino4j.train.cluster.worker;

import io.dino4j.graph.exec.Backend;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.train.cluster.message.Attempt;
import io.dino4j.train.cluster.message.Message;
import io.dino4j.train.cluster.message.Message.Seat;
import io.dino4j.train.cluster.message.Message.Status;
import io.dino4j.train.cluster.message.StateVector;
import io.dino4j.train.optim.Shard;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.bytedeco.javacpp.FloatPointer;

/** All servers of a run. Questions go to every one before the first answer is waited for; shard 0 is always the first to be waited for. */
final class Servers implements AutoCloseable {
    /** Floats in a message: with its header they fit in one packet of shared memory, and are read there. */
    static final int CHUNK = 16_000;

    private final String name;
    private final Consumer<String> say;
    private final ShardLinks links;
    private final StateTransfer transfer = new StateTransfer(this);

    Servers(String name, ShardLinks links, Consumer<String> say) {
        this.name = name;
        this.links = links;
        this.say = say;
    }

    ShardLink link(int shard) {
        return links.get(shard);
    }

    List<Shard> shards() {
        return links.shards();
    }

    /**
     * The seat that is held, or one of a view newer than all that any server has spoken of: a first server that was started anew knows of none,
     * and the others would be deaf to its first.
     */
    Seat seat() throws RefusedByServerException {
        ShardLink first = links.get(0);
        for (long tries = 0; ; tries++) {
            long id = first.next();
            first.send(new Message.Join(id, name, links.newestView()));
            Message answer = first.await(id, Message.class, () -> {});
            if (answer instanceof Seat seat) {
                links.heard(seat.view());
                return seat;
            }
            if (answer instanceof Message.Waiting waiting && tries % ShardLinks.PATIENCE == ShardLinks.PATIENCE - 1) {
                say.accept("waiting for workers: %d of %d are here".formatted(waiting.present(), waiting.expected()));
            }
            links.pause();
        }
    }

    /** Makes all servers deaf to older views. */
    List<Status> fence(long view) throws RefusedByServerException {
        return ask(Status.class, (link, id) -> new Message.Fence(id, view));
    }

    List<Status> restore(long generation, long view, long step) throws RefusedByServerException {
        return ask(Status.class, (link, id) -> new Message.Restore(id, generation, view, step));
    }

    @FunctionalInterface
    private interface Question {
        Message of(int shard, long request);
    }

    private long[] send(Question question) {
        long[] ids = new long[links.size()];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = links.get(i).next();
            links.get(i).send(question.of(i, ids[i]));
        }
        return ids;
    }

    private <A extends Message> List<A> ask(Class<A> type, Question question) throws RefusedByServerException {
        long[] ids = send(question);
        List<A> answers = new ArrayList<>();
        for (int i = 0; i < ids.length; i++) {
            answers.add(links.get(i).await(ids[i], type, pulse(i)));
        }
        return answers;
    }

    /** The same where a refusal means that this worker's picture of the run is wrong. */
    private <A extends Message> List<A> insist(Class<A> type, Question question) {
        try {
            return ask(type, question);
        } catch (RefusedByServerException e) {
            throw new RegroupException(e.getMessage(), e);
        }
    }

    /** The same of one server. */
    <A extends Message> A insist(int shard, Class<A> type, LongFunction<Message> question) {
        ShardLink link = links.get(shard);
        long id = link.next();
        link.send(question.apply(id));
        return insist(shard, id, type);
    }

    /** Waits for the answer to a question that one server was asked. */
    <A extends Message> A insist(int shard, long id, Class<A> type) {
        try {
            return links.get(shard).await(id, type, pulse(shard));
        } catch (RefusedByServerException e) {
            throw new RegroupException(e.getMessage(), e);
        }
    }

    /** Waiting for shard 0, its answer to a sign of life is passed over; waiting for another, it is listened to. */
    ShardLink.Pulse pulse(int waitingFor) {
        ShardLink first = links.get(0);
        return () -> {
            long id = first.next();
            first.send(new Message.Blocked(id, links.attempt()));
            if (waitingFor != 0) {
                first.await(id, Message.Ack.class, () -> {});
            }
        };
    }

    void alive(Attempt now) {
        try {
            ShardLink first = links.get(0);
            first.send(new Message.Blocked(first.next(), now));
        } catch (RegroupException e) {
            // whoever asks the server next finds out
        }
    }

    /** Asks whether a worker's place is still what it thinks. */
    void confirm(Attempt now) {
        insist(0, Message.Ack.class, id -> new Message.Blocked(id, now));
    }

    double[] reduce(Attempt now, int tag, Seat seat, Message.Op op, double[] values) {
        int shard = tag % links.size();
        return insist(
                        shard,
                        Message.Reduced.class,
                        id -> new Message.Reduce(id, now, tag, seat.firstRank(), seat.rankCount(), op, values))
                .values();
    }

    /** Sends elements that one server holds. */
    synchronized void push(
            Attempt now, Seat seat, ParameterVector vector, long from, long to, GradientPacking packing) {
        Backend.loaded().toHost(vector.vector());
        FloatPointer source = new FloatPointer(vector.vector().data().addressPointer());
        ShardLink link = links.get(shardOf(from));
        for (long at = from; at < to; at += CHUNK) {
            int n = (int) Math.min(CHUNK, to - at);
            ByteBuffer packed = packing.pack(source, at, n);
            link.send(new Message.Push(now, seat.firstRank(), seat.rankCount(), at, n, packing.encoding(), packed));
        }
    }

    /** Tells the first server what a step leaves for the next. */
    void keep(Attempt now, float[] extras) {
        transfer.keep(now, extras);
    }

    /** Part of a vector as it lies in memory, for reading and writing. */
    static ByteBuffer bytes(FloatPointer vector, long offset, int count) {
        return Backend.bytes(vector, offset * Float.BYTES, (long) count * Float.BYTES);
    }

    private int shardOf(long element) {
        int i = 0;
        while (element >= shards().get(i).to()) {
            i++;
        }
        return i;
    }

    double[] norms(Attempt now) {
        List<double[]> parts = new ArrayList<>();
        int total = 0;
        List<Message.BlockSquares> first =
                insist(Message.BlockSquares.class, (shard, id) -> new Message.Norms(id, now, 0));
        for (int i = 0; i < links.size(); i++) {
            Message.BlockSquares part = first.get(i);
            while (true) {
                parts.add(part.squares());
                total += part.squares().length;
                int next = part.firstBlock() + part.squares().length;
                if (next >= part.blocks()) {
                    break;
                }
                part = insist(i, Message.BlockSquares.class, id -> new Message.Norms(id, now, next));
            }
        }
        double[] all = new double[total];
        int at = 0;
        for (double[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }

    /** Makes a step. */
    void commit(Attempt now, StepUpdate update) {
        awaitCommits(sendCommits(now, update));
    }

    /** The same, and fetches what it makes of the student: that is asked for at once, and sent when it is there. */
    void commit(Attempt now, StepUpdate update, ParameterVector student) {
        long[] commits = sendCommits(now, update);
        StateTransfer.Asked asked = transfer.ask(StateVector.STUDENT, now.step() + 1);
        awaitCommits(commits);
        transfer.take(asked, student);
    }

    private long[] sendCommits(Attempt now, StepUpdate u) {
        return send((shard, id) -> new Message.Commit(
                id, now, u.lr(), u.lastLayerLr(), u.weightDecay(), u.momentum(), u.factors(), u.note()));
    }

    private void awaitCommits(long[] ids) {
        for (int i = 0; i < ids.length; i++) {
            insist(i, ids[i], Message.Committed.class);
        }
    }

    void pull(StateVector vector, long steps, ParameterVector into) {
        transfer.take(transfer.ask(vector, steps), into);
    }

    void pullExtras(long step, float[] into) {
        transfer.pullExtras(step, into);
    }

    /** Gives all servers a state. */
    List<Status> load(long generation, long view, Member.State state) throws RefusedByServerException {
        transfer.load(generation, view, state);
        return ask(
                Status.class,
                (shard, id) ->
                        new Message.Loaded(id, generation, view, state.step(), state.optimizerSteps(), state.note()));
    }

    void leave() {
        if (links.size() == 0 || links.get(0).isLost()) {
            return;
        }
        try {
            ShardLink first = links.get(0);
            long id = first.next();
            first.send(new Message.Leave(id, name));
            first.await(id, Message.Ack.class, () -> {});
        } catch (RegroupException | RefusedByServerException e) {
            // the seat is gone either way
        }
    }

    @Override
    public void close() {
        links.close();
    }
}
