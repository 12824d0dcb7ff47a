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
import io.dino4j.train.cluster.message.Message.Keep;
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
            new Form<>(Configure.class, Fields::configure, Fields::configure),
            new Form<>(Join.class, (r, in) -> new Join(r, in.string(), in.count("after")), (m, out) -> {
                out.string(m.name());
                out.number(m.after());
            }),
            new Form<>(Seat.class, Fields::seat, (m, out) -> {
                out.number(m.view());
                Fields.ranks(m.firstRank(), m.rankCount(), out);
                out.integer(m.workers());
            }),
            new Form<>(Waiting.class, (r, in) -> new Waiting(r, in.integer(), in.integer()), (m, out) -> {
                out.integer(m.present());
                out.integer(m.expected());
            }),
            new Form<>(Leave.class, (r, in) -> new Leave(r, in.string()), (m, out) -> out.string(m.name())),
            new Form<>(Fence.class, (r, in) -> new Fence(r, in.count("view")), (m, out) -> out.number(m.view())),
            new Form<>(Blocked.class, (r, in) -> new Blocked(r, in.attempt()), (m, out) -> out.attempt(m.attempt())),
            new Form<>(Status.class, Fields::status, Fields::status),
            new Form<>(Load.class, Fields::load, Fields::load),
            new Form<>(Loaded.class, Fields::loaded, Fields::loaded),
            new Form<>(Restore.class, Fields::restore, (m, out) -> {
                out.number(m.generation());
                out.number(m.view());
                out.number(m.step());
            }),
            new Form<>(Reduce.class, Fields::reduce, Fields::reduce),
            new Form<>(
                    Reduced.class,
                    (r, in) -> new Reduced(r, in.integer(), in.doubles("values", Limits.DOUBLES)),
                    (m, out) -> {
                        out.integer(m.tag());
                        out.doubles("values", m.values(), Limits.DOUBLES);
                    }),
            new Form<>(Push.class, Fields::push, Fields::push),
            new Form<>(Keep.class, Fields::keep, Fields::keep),
            new Form<>(
                    Norms.class,
                    (r, in) -> new Norms(r, in.attempt(), in.integer("firstBlock", 0, Integer.MAX_VALUE)),
                    (m, out) -> {
                        out.attempt(m.attempt());
                        out.integer(m.firstBlock());
                    }),
            new Form<>(BlockSquares.class, Fields::blockSquares, (m, out) -> {
                out.number(m.step());
                out.integer(m.firstBlock());
                out.integer(m.blocks());
                out.doubles("squares", m.squares(), Limits.DOUBLES);
            }),
            new Form<>(Commit.class, Fields::commit, Fields::commit),
            new Form<>(
                    Committed.class, (r, in) -> new Committed(r, in.count("step")), (m, out) -> out.number(m.step())),
            new Form<>(Pull.class, Fields::pull, (m, out) -> {
                out.choice(m.vector());
                out.number(m.minStep());
                out.number(m.offset());
                out.integer(m.count());
            }),
            new Form<>(Floats.class, Fields::floats, (m, out) -> {
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
        frame.put(writeHead(message, frame).duplicate());
    }

    /**
     * Writes all of a message but the bytes and floats of {@link Push}, {@link Keep}, {@link Load} and {@link Floats}, which may be sent from
     * where they are.
     *
     * @param head written from its position on, which is moved. Its byte order becomes little-endian
     * @return what has to follow it in the frame, a buffer of the message; empty for other messages
     * @throws IllegalArgumentException if a part is larger than {@link Limits} say
     */
    public static ByteBuffer writeHead(Message message, ByteBuffer head) {
        int number = NUMBERS.get(message.getClass());
        FrameWriter out = new FrameWriter(head);
        out.integer(number);
        out.number(message.request());
        FORMS.get(number - 1).write(message, out);
        return out.bulk();
    }

    /**
     * Reads a message.
     *
     * @param frame all bytes from its position to its limit, both of which stay; {@link Push}, {@link Keep}, {@link Load} and {@link Floats} keep a view
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
}
