package io.dino4j.train.cluster.message;

import io.dino4j.train.cluster.message.Message.Ack;
import io.dino4j.train.cluster.message.Message.BlockSquares;
import io.dino4j.train.cluster.message.Message.Blocked;
import io.dino4j.train.cluster.message.Message.Commit;
import io.dino4j.train.cluster.message.Message.Committed;
import io.dino4j.train.cluster.message.Message.Configure;
import io.dino4j.train.cluster.message.Message.Fence;
import io.dino4j.train.cluster.message.Message.Floats;
import io.dino4j.train.cluster.message.Message.Join;
import io.dino4j.train.cluster.message.Message.Leave;
import io.dino4j.train.cluster.message.Message.Load;
import io.dino4j.train.cluster.message.Message.Loaded;
import io.dino4j.train.cluster.message.Message.Norms;
import io.dino4j.train.cluster.message.Message.Pull;
import io.dino4j.train.cluster.message.Message.Push;
import io.dino4j.train.cluster.message.Message.Reduce;
import io.dino4j.train.cluster.message.Message.Reduced;
import io.dino4j.train.cluster.message.Message.Refused;
import io.dino4j.train.cluster.message.Message.Restore;
import io.dino4j.train.cluster.message.Message.Seat;
import io.dino4j.train.cluster.message.Message.Stale;
import io.dino4j.train.cluster.message.Message.Status;
import io.dino4j.train.cluster.message.Message.Waiting;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How messages lie in frames, little-endian: {@code int type, long request}, then the fields in the order of the record. A string is
 * {@code short length} and UTF-8, a list {@code int count} and its elements, a flag one byte, a choice an int.
 */
public final class Codec {
    private static final int MOST_RANKS = 1 << 20;
    private static final StateVector[] VECTORS = StateVector.values();
    private static final GradientEncoding[] ENCODINGS = GradientEncoding.values();
    private static final Message.Op[] OPS = Message.Op.values();

    @FunctionalInterface
    private interface Reader<M> {
        M read(long request, FrameReader in) throws MalformedMessageException;
    }

    @FunctionalInterface
    private interface Writer<M> {
        void write(M message, FrameWriter out);
    }

    private record Form<M extends Message>(Class<M> type, Reader<M> reader, Writer<M> writer) {
        void write(Message message, FrameWriter out) {
            writer.write(type.cast(message), out);
        }
    }

    /** The number of a type is its place here, from 1. */
    private static final List<Form<?>> FORMS = List.of(
            new Form<>(Configure.class, Codec::configure, Codec::configure),
            new Form<>(Join.class, (r, in) -> new Join(r, in.string(), in.count("after")), (m, out) -> {
                out.string(m.name());
                out.number(m.after());
            }),
            new Form<>(Seat.class, Codec::seat, (m, out) -> {
                out.number(m.view());
                ranks(m.firstRank(), m.rankCount(), out);
                out.integer(m.workers());
            }),
            new Form<>(Waiting.class, (r, in) -> new Waiting(r, in.integer(), in.integer()), (m, out) -> {
                out.integer(m.present());
                out.integer(m.expected());
            }),
            new Form<>(Leave.class, (r, in) -> new Leave(r, in.string()), (m, out) -> out.string(m.name())),
            new Form<>(Fence.class, (r, in) -> new Fence(r, in.count("view")), (m, out) -> out.number(m.view())),
            new Form<>(Blocked.class, (r, in) -> new Blocked(r, in.attempt()), (m, out) -> out.attempt(m.attempt())),
            new Form<>(Status.class, Codec::status, Codec::status),
            new Form<>(Load.class, Codec::load, Codec::load),
            new Form<>(Loaded.class, Codec::loaded, Codec::loaded),
            new Form<>(Restore.class, Codec::restore, (m, out) -> {
                out.number(m.generation());
                out.number(m.view());
                out.number(m.step());
            }),
            new Form<>(Reduce.class, Codec::reduce, Codec::reduce),
            new Form<>(
                    Reduced.class,
                    (r, in) -> new Reduced(r, in.integer(), in.doubles("values", Limits.DOUBLES)),
                    (m, out) -> {
                        out.integer(m.tag());
                        out.doubles("values", m.values(), Limits.DOUBLES);
                    }),
            new Form<>(Push.class, Codec::push, Codec::push),
            new Form<>(
                    Norms.class,
                    (r, in) -> new Norms(r, in.attempt(), in.integer("firstBlock", 0, Integer.MAX_VALUE)),
                    (m, out) -> {
                        out.attempt(m.attempt());
                        out.integer(m.firstBlock());
                    }),
            new Form<>(BlockSquares.class, Codec::blockSquares, (m, out) -> {
                out.number(m.step());
                out.integer(m.firstBlock());
                out.integer(m.blocks());
                out.doubles("squares", m.squares(), Limits.DOUBLES);
            }),
            new Form<>(Commit.class, Codec::commit, Codec::commit),
            new Form<>(
                    Committed.class, (r, in) -> new Committed(r, in.count("step")), (m, out) -> out.number(m.step())),
            new Form<>(Pull.class, Codec::pull, (m, out) -> {
                out.choice(m.vector());
                out.number(m.minStep());
                out.number(m.offset());
                out.integer(m.count());
            }),
            new Form<>(Floats.class, Codec::floats, (m, out) -> {
                out.choice(m.vector());
                out.number(m.step());
                out.number(m.offset());
                out.floats("floats", m.floats());
            }),
            new Form<>(Ack.class, (r, in) -> new Ack(r), (m, out) -> {}),
            new Form<>(Stale.class, (r, in) -> new Stale(r, in.count("view"), in.count("generation")), (m, out) -> {
                out.number(m.view());
                out.number(m.generation());
            }),
            new Form<>(Refused.class, (r, in) -> new Refused(r, in.string()), (m, out) -> out.string(m.reason())));

    private static final Map<Class<?>, Integer> NUMBERS = numbers();

    private Codec() {}

    private static Map<Class<?>, Integer> numbers() {
        Map<Class<?>, Integer> numbers = new HashMap<>();
        for (Form<?> form : FORMS) {
            numbers.put(form.type(), numbers.size() + 1);
        }
        return numbers;
    }

    /**
     * Writes a message.
     *
     * @param frame written from its position on, which is moved; {@link Limits#FRAME} bytes are room enough for any message. Its byte order
     *     becomes little-endian
     * @throws IllegalArgumentException if a part is larger than {@link Limits} say
     */
    public static void write(Message message, ByteBuffer frame) {
        int number = NUMBERS.get(message.getClass());
        FrameWriter out = new FrameWriter(frame);
        out.integer(number);
        out.number(message.request());
        FORMS.get(number - 1).write(message, out);
    }

    /**
     * Reads a message.
     *
     * @param frame all bytes from its position to its limit, both of which stay; {@link Push}, {@link Load} and {@link Floats} keep a view
     *     of it
     * @throws MalformedMessageException if the bytes are none, are too few or too many, or a value is out of range
     */
    public static Message read(ByteBuffer frame) throws MalformedMessageException {
        FrameReader in = new FrameReader(frame);
        int number = in.integer("the type of a message", 1, FORMS.size());
        Message message = FORMS.get(number - 1).reader().read(in.number(), in);
        in.end();
        return message;
    }

    private static Configure configure(long request, FrameReader in) throws MalformedMessageException {
        long generation = in.count("generation");
        String yaml = in.longString("yaml", Limits.YAML);
        String hash = in.string();
        int shard = in.integer("shard", 0, MOST_RANKS - 1);
        int shards = in.integer("shards", shard + 1, MOST_RANKS);
        int worldSize = in.integer("worldSize", 1, MOST_RANKS);
        int workers = in.integer("workers", 1, worldSize);
        return new Configure(
                request, generation, yaml, hash, shard, shards, worldSize, workers, in.count("totalLength"));
    }

    private static void configure(Configure m, FrameWriter out) {
        out.number(m.generation());
        out.longString("yaml", m.yaml(), Limits.YAML);
        out.string(m.configHash());
        out.integer(m.shard());
        out.integer(m.shards());
        out.integer(m.worldSize());
        out.integer(m.workers());
        out.number(m.totalLength());
    }

    private static int firstRank(FrameReader in) throws MalformedMessageException {
        return in.integer("firstRank", 0, MOST_RANKS - 1);
    }

    private static int rankCount(FrameReader in) throws MalformedMessageException {
        return in.integer("rankCount", 1, MOST_RANKS);
    }

    private static void ranks(int first, int count, FrameWriter out) {
        out.integer(first);
        out.integer(count);
    }

    private static Seat seat(long request, FrameReader in) throws MalformedMessageException {
        return new Seat(request, in.count("view"), firstRank(in), rankCount(in), in.integer("workers", 1, MOST_RANKS));
    }

    private static Status status(long request, FrameReader in) throws MalformedMessageException {
        return new Status(
                request,
                in.count("generation"),
                in.count("view"),
                in.count("step"),
                in.count("optimizerSteps"),
                in.flag(),
                in.flag(),
                in.longs("snapshots", Limits.SNAPSHOTS),
                in.bytes("note", Limits.NOTE));
    }

    private static void status(Status m, FrameWriter out) {
        out.number(m.generation());
        out.number(m.view());
        out.number(m.step());
        out.number(m.optimizerSteps());
        out.flag(m.prepared());
        out.flag(m.loaded());
        out.longs("snapshots", m.snapshots(), Limits.SNAPSHOTS);
        out.bytes("note", m.note(), Limits.NOTE);
    }

    private static Load load(long request, FrameReader in) throws MalformedMessageException {
        return new Load(
                request,
                in.count("generation"),
                in.count("view"),
                in.choice(VECTORS),
                in.count("offset"),
                in.floats("floats"));
    }

    private static void load(Load m, FrameWriter out) {
        out.number(m.generation());
        out.number(m.view());
        out.choice(m.vector());
        out.number(m.offset());
        out.floats("floats", m.floats());
    }

    private static Loaded loaded(long request, FrameReader in) throws MalformedMessageException {
        return new Loaded(
                request,
                in.count("generation"),
                in.count("view"),
                in.count("step"),
                in.count("optimizerSteps"),
                in.bytes("note", Limits.NOTE));
    }

    private static void loaded(Loaded m, FrameWriter out) {
        out.number(m.generation());
        out.number(m.view());
        out.number(m.step());
        out.number(m.optimizerSteps());
        out.bytes("note", m.note(), Limits.NOTE);
    }

    private static Restore restore(long request, FrameReader in) throws MalformedMessageException {
        return new Restore(request, in.count("generation"), in.count("view"), in.count("step"));
    }

    private static Reduce reduce(long request, FrameReader in) throws MalformedMessageException {
        return new Reduce(
                request,
                in.attempt(),
                in.integer("tag", 0, Integer.MAX_VALUE),
                firstRank(in),
                rankCount(in),
                in.choice(OPS),
                in.doubles("values", Limits.DOUBLES));
    }

    private static void reduce(Reduce m, FrameWriter out) {
        out.attempt(m.attempt());
        out.integer(m.tag());
        ranks(m.firstRank(), m.rankCount(), out);
        out.choice(m.op());
        out.doubles("values", m.values(), Limits.DOUBLES);
    }

    private static Push push(long request, FrameReader in) throws MalformedMessageException {
        if (request != 0) {
            throw new MalformedMessageException("gradients are not answered, but have request " + request);
        }
        return new Push(
                in.attempt(),
                firstRank(in),
                rankCount(in),
                in.count("offset"),
                in.integer("count", 1, Limits.FLOATS),
                in.choice(ENCODINGS),
                in.payload("gradients"));
    }

    private static void push(Push m, FrameWriter out) {
        out.attempt(m.attempt());
        ranks(m.firstRank(), m.rankCount(), out);
        out.number(m.offset());
        out.integer(m.count());
        out.choice(m.encoding());
        out.payload("gradients", m.bytes());
    }

    private static BlockSquares blockSquares(long request, FrameReader in) throws MalformedMessageException {
        return new BlockSquares(
                request,
                in.count("step"),
                in.integer("firstBlock", 0, Integer.MAX_VALUE),
                in.integer("blocks", 0, Integer.MAX_VALUE),
                in.doubles("squares", Limits.DOUBLES));
    }

    private static Commit commit(long request, FrameReader in) throws MalformedMessageException {
        return new Commit(
                request,
                in.attempt(),
                in.real(),
                in.real(),
                in.real(),
                in.real(),
                in.doubles("factors", Limits.SUB_NETWORKS),
                in.bytes("note", Limits.NOTE));
    }

    private static void commit(Commit m, FrameWriter out) {
        out.attempt(m.attempt());
        out.real(m.lr());
        out.real(m.lastLayerLr());
        out.real(m.weightDecay());
        out.real(m.momentum());
        out.doubles("factors", m.factors(), Limits.SUB_NETWORKS);
        out.bytes("note", m.note(), Limits.NOTE);
    }

    private static Pull pull(long request, FrameReader in) throws MalformedMessageException {
        return new Pull(
                request,
                in.choice(VECTORS),
                in.count("minStep"),
                in.count("offset"),
                in.integer("count", 1, Limits.FLOATS));
    }

    private static Floats floats(long request, FrameReader in) throws MalformedMessageException {
        return new Floats(request, in.choice(VECTORS), in.count("step"), in.count("offset"), in.floats("floats"));
    }
}
