package io.dino4j.train.cluster.worker;

import io.dino4j.graph.exec.Backend;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.train.cluster.message.Attempt;
import io.dino4j.train.cluster.message.Limits;
import io.dino4j.train.cluster.message.Message;
import io.dino4j.train.cluster.message.StateVector;
import io.dino4j.train.optim.Shard;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.EnumSet;
import java.util.Set;
import org.bytedeco.javacpp.FloatPointer;

/** Whole vectors from the servers and to them, part by part. */
final class StateTransfer {
    private static final int CHUNK = Servers.CHUNK;
    private static final Set<StateVector> OF_PARAMETERS = EnumSet.complementOf(EnumSet.of(StateVector.EXTRAS));

    /** A server has many workers to answer; parts of a large range are larger. */
    private static final int MOST_REQUESTS = 1024;

    private final Servers servers;
    private final ByteBuffer ofExtras = ByteBuffer.allocate(CHUNK * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);

    StateTransfer(Servers servers) {
        this.servers = servers;
    }

    /** Parts of a vector that were asked for: by server, the numbers of the questions, and the floats of a part. */
    record Asked(StateVector vector, long[][] ids, int[] sizes) {}

    /** Asks for all of a vector, as it is after so many steps. */
    Asked ask(StateVector vector, long steps) {
        long[][] ids = new long[servers.shards().size()][];
        int[] sizes = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            long length = servers.shards().get(i).length();
            sizes[i] = pulledAtOnce(length);
            ids[i] = everyPart(i, sizes[i], (offset, n, id) -> new Message.Pull(id, vector, steps, offset, n));
        }
        return new Asked(vector, ids, sizes);
    }

    /** Takes in what was asked for. */
    void take(Asked asked, ParameterVector into) {
        FloatPointer target = new FloatPointer(into.vector().data().addressPointer());
        for (int i = 0; i < asked.ids.length; i++) {
            Shard range = servers.shards().get(i);
            long at = range.from();
            for (long id : asked.ids[i]) {
                Message.Floats part = servers.insist(i, id, Message.Floats.class);
                int n = (int) Math.min(asked.sizes[i], range.to() - at);
                requireDue(i, part, asked.vector, at, n);
                Servers.bytes(target, at, n).put(part.floats());
                at += n;
            }
        }
        Backend.loaded().writtenOnHost(into.vector());
    }

    @FunctionalInterface
    private interface PartQuestion {
        Message of(long offset, int count, long request);
    }

    /** Floats of a part of a range. */
    static int pulledAtOnce(long length) {
        return (int) Math.min(Limits.FLOATS, Math.max(CHUNK, length / MOST_REQUESTS + 1));
    }

    private long[] everyPart(int shard, int size, PartQuestion question) {
        Shard range = servers.shards().get(shard);
        ShardLink link = servers.link(shard);
        long[] ids = new long[(int) ((range.length() + size - 1) / size)];
        for (int i = 0; i < ids.length; i++) {
            long offset = range.from() + (long) i * size;
            ids[i] = link.next();
            link.send(question.of(offset, (int) Math.min(size, range.to() - offset), ids[i]));
        }
        return ids;
    }

    private static void requireDue(int server, Message.Floats part, StateVector vector, long offset, int count) {
        if (part.vector() != vector || part.offset() != offset || part.floats().remaining() != count * Float.BYTES) {
            throw new RegroupException("server %d sent %d bytes of element %d, where %d floats of %d are due"
                    .formatted(server, part.floats().remaining(), part.offset(), count, offset));
        }
    }

    /** Fetches what the first server keeps beside its range. */
    void pullExtras(long step, float[] into) {
        for (int at = 0; at < into.length; at += Limits.FLOATS) {
            int offset = at;
            int n = Math.min(Limits.FLOATS, into.length - at);
            Message.Floats part = servers.insist(
                    0, Message.Floats.class, id -> new Message.Pull(id, StateVector.EXTRAS, step, offset, n));
            requireDue(0, part, StateVector.EXTRAS, at, n);
            part.floats().asFloatBuffer().get(into, at, n);
        }
    }

    /** Tells the first server what a step leaves for the next. */
    void keep(Attempt attempt, float[] extras) {
        for (int at = 0; at < extras.length; at += CHUNK) {
            servers.link(0).send(new Message.Keep(attempt, at, partOf(extras, at)));
        }
    }

    private ByteBuffer partOf(float[] extras, int from) {
        int n = Math.min(CHUNK, extras.length - from);
        ofExtras.clear().asFloatBuffer().put(extras, from, n);
        return ofExtras.limit(n * Float.BYTES);
    }

    private void loadExtras(long generation, long view, float[] extras) throws RefusedByServerException {
        ShardLink first = servers.link(0);
        for (int at = 0; at < extras.length; at += CHUNK) {
            long id = first.next();
            first.send(new Message.Load(id, generation, view, StateVector.EXTRAS, at, partOf(extras, at)));
            first.await(id, Message.Ack.class, servers.pulse(0));
        }
    }

    /** Gives all servers a state. */
    void load(long generation, long view, Member.State state) throws RefusedByServerException {
        loadExtras(generation, view, state.extras());
        for (int i = 0; i < servers.shards().size(); i++) {
            for (StateVector vector : OF_PARAMETERS) {
                FloatPointer source = new FloatPointer(
                        state.vectors().of(vector).vector().data().addressPointer());
                long[] ids = everyPart(
                        i,
                        CHUNK,
                        (offset, n, id) -> new Message.Load(
                                id, generation, view, vector, offset, Servers.bytes(source, offset, n)));
                for (long id : ids) {
                    servers.link(i).await(id, Message.Ack.class, servers.pulse(i));
                }
            }
        }
    }
}
