package io.dino4j.train.cluster.message;

import io.dino4j.train.cluster.message.Message.BlockSquares;
import io.dino4j.train.cluster.message.Message.Commit;
import io.dino4j.train.cluster.message.Message.Configure;
import io.dino4j.train.cluster.message.Message.Floats;
import io.dino4j.train.cluster.message.Message.Keep;
import io.dino4j.train.cluster.message.Message.Load;
import io.dino4j.train.cluster.message.Message.Loaded;
import io.dino4j.train.cluster.message.Message.Pull;
import io.dino4j.train.cluster.message.Message.Push;
import io.dino4j.train.cluster.message.Message.Reduce;
import io.dino4j.train.cluster.message.Message.Restore;
import io.dino4j.train.cluster.message.Message.Seat;
import io.dino4j.train.cluster.message.Message.Status;

/** The fields of the larger messages, one method that reads beside one that writes. */
final class Fields {
    private static final int MOST_RANKS = 1 << 20;
    private static final StateVector[] VECTORS = StateVector.values();
    private static final GradientEncoding[] ENCODINGS = GradientEncoding.values();
    private static final Message.Op[] OPS = Message.Op.values();

    private Fields() {}

    static Configure configure(long request, FrameReader in) throws MalformedMessageException {
        long generation = in.count("generation");
        String yaml = in.longString("yaml", Limits.YAML);
        String hash = in.string();
        int shard = in.integer("shard", 0, MOST_RANKS - 1);
        int shards = in.integer("shards", shard + 1, MOST_RANKS);
        int worldSize = in.integer("worldSize", 1, MOST_RANKS);
        int workers = in.integer("workers", 1, worldSize);
        return new Configure(
                request,
                generation,
                yaml,
                hash,
                shard,
                shards,
                worldSize,
                workers,
                in.count("totalLength"),
                in.count("extras"));
    }

    static void configure(Configure m, FrameWriter out) {
        out.number(m.generation());
        out.longString("yaml", m.yaml(), Limits.YAML);
        out.string(m.configHash());
        out.integer(m.shard());
        out.integer(m.shards());
        out.integer(m.worldSize());
        out.integer(m.workers());
        out.number(m.totalLength());
        out.number(m.extras());
    }

    static int firstRank(FrameReader in) throws MalformedMessageException {
        return in.integer("firstRank", 0, MOST_RANKS - 1);
    }

    static int rankCount(FrameReader in) throws MalformedMessageException {
        return in.integer("rankCount", 1, MOST_RANKS);
    }

    static void ranks(int first, int count, FrameWriter out) {
        out.integer(first);
        out.integer(count);
    }

    static Seat seat(long request, FrameReader in) throws MalformedMessageException {
        return new Seat(request, in.count("view"), firstRank(in), rankCount(in), in.integer("workers", 1, MOST_RANKS));
    }

    static Status status(long request, FrameReader in) throws MalformedMessageException {
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

    static void status(Status m, FrameWriter out) {
        out.number(m.generation());
        out.number(m.view());
        out.number(m.step());
        out.number(m.optimizerSteps());
        out.flag(m.prepared());
        out.flag(m.loaded());
        out.longs("snapshots", m.snapshots(), Limits.SNAPSHOTS);
        out.bytes("note", m.note(), Limits.NOTE);
    }

    static Load load(long request, FrameReader in) throws MalformedMessageException {
        return new Load(
                request,
                in.count("generation"),
                in.count("view"),
                in.choice(VECTORS),
                in.count("offset"),
                in.floats("floats"));
    }

    static void load(Load m, FrameWriter out) {
        out.number(m.generation());
        out.number(m.view());
        out.choice(m.vector());
        out.number(m.offset());
        out.floats("floats", m.floats());
    }

    static Loaded loaded(long request, FrameReader in) throws MalformedMessageException {
        return new Loaded(
                request,
                in.count("generation"),
                in.count("view"),
                in.count("step"),
                in.count("optimizerSteps"),
                in.bytes("note", Limits.NOTE));
    }

    static void loaded(Loaded m, FrameWriter out) {
        out.number(m.generation());
        out.number(m.view());
        out.number(m.step());
        out.number(m.optimizerSteps());
        out.bytes("note", m.note(), Limits.NOTE);
    }

    static Restore restore(long request, FrameReader in) throws MalformedMessageException {
        return new Restore(request, in.count("generation"), in.count("view"), in.count("step"));
    }

    static Reduce reduce(long request, FrameReader in) throws MalformedMessageException {
        return new Reduce(
                request,
                in.attempt(),
                in.integer("tag", 0, Integer.MAX_VALUE),
                firstRank(in),
                rankCount(in),
                in.choice(OPS),
                in.doubles("values", Limits.DOUBLES));
    }

    static void reduce(Reduce m, FrameWriter out) {
        out.attempt(m.attempt());
        out.integer(m.tag());
        ranks(m.firstRank(), m.rankCount(), out);
        out.choice(m.op());
        out.doubles("values", m.values(), Limits.DOUBLES);
    }

    static Push push(long request, FrameReader in) throws MalformedMessageException {
        requireNone("gradients", request);
        return new Push(
                in.attempt(),
                firstRank(in),
                rankCount(in),
                in.count("offset"),
                in.integer("count", 1, Limits.FLOATS),
                in.choice(ENCODINGS),
                in.payload("gradients"));
    }

    static void push(Push m, FrameWriter out) {
        out.attempt(m.attempt());
        ranks(m.firstRank(), m.rankCount(), out);
        out.number(m.offset());
        out.integer(m.count());
        out.choice(m.encoding());
        out.payload("gradients", m.bytes());
    }

    private static void requireNone(String what, long request) throws MalformedMessageException {
        if (request != 0) {
            throw new MalformedMessageException("%s are not answered, but have request %d".formatted(what, request));
        }
    }

    static Keep keep(long request, FrameReader in) throws MalformedMessageException {
        requireNone("extras", request);
        return new Keep(in.attempt(), in.count("offset"), in.floats("extras"));
    }

    static void keep(Keep m, FrameWriter out) {
        out.attempt(m.attempt());
        out.number(m.offset());
        out.floats("extras", m.floats());
    }

    static BlockSquares blockSquares(long request, FrameReader in) throws MalformedMessageException {
        return new BlockSquares(
                request,
                in.count("step"),
                in.integer("firstBlock", 0, Integer.MAX_VALUE),
                in.integer("blocks", 0, Integer.MAX_VALUE),
                in.doubles("squares", Limits.DOUBLES));
    }

    static Commit commit(long request, FrameReader in) throws MalformedMessageException {
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

    static void commit(Commit m, FrameWriter out) {
        out.attempt(m.attempt());
        out.real(m.lr());
        out.real(m.lastLayerLr());
        out.real(m.weightDecay());
        out.real(m.momentum());
        out.doubles("factors", m.factors(), Limits.SUB_NETWORKS);
        out.bytes("note", m.note(), Limits.NOTE);
    }

    static Pull pull(long request, FrameReader in) throws MalformedMessageException {
        return new Pull(
                request,
                in.choice(VECTORS),
                in.count("minStep"),
                in.count("offset"),
                in.integer("count", 1, Limits.FLOATS));
    }

    static Floats floats(long request, FrameReader in) throws MalformedMessageException {
        return new Floats(request, in.choice(VECTORS), in.count("step"), in.count("offset"), in.floats("floats"));
    }
}
