package io.dino4j.train.cluster.worker;

import io.dino4j.graph.exec.Backend;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.train.cluster.message.Limits;
import io.dino4j.train.cluster.message.Message;
import io.dino4j.train.cluster.message.StateVector;
import io.dino4j.train.optim.Shard;
import org.bytedeco.javacpp.FloatPointer;

/** Whole vectors from the servers and to them, part by part. */
final class StateTransfer {
    private static final int CHUNK = Servers.CHUNK;

    /** A server has many workers to answer; parts of a large range are larger. */
    private static final int MOST_REQUESTS = 1024;

    private final Servers servers;

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
                boolean due = part.vector() == asked.vector
                        && part.offset() == at
                        && part.floats().remaining() == n * Float.BYTES;
                if (!due) {
                    throw new RegroupException("server %d sent %d bytes of element %d, where %d floats of %d are due"
                            .formatted(i, part.floats().remaining(), part.offset(), n, at));
                }
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

    /** Gives all servers a state. */
    void load(long generation, long view, Member.State state) throws RefusedByServerException {
        for (int i = 0; i < servers.shards().size(); i++) {
            for (StateVector vector : StateVector.values()) {
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
