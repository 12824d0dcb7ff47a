package io.dino4j.train.cluster.message;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.RecordComponent;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class CodecTest {
    private static final Attempt ATTEMPT = new Attempt(3, 1L << 40, 17);

    private static final ByteBuffer SCRATCH = ByteBuffer.allocate(Limits.FRAME);

    /** One of each type. */
    private static List<Message> messages() {
        ByteBuffer floats = ByteBuffer.allocateDirect(12).order(ByteOrder.LITTLE_ENDIAN);
        floats.putFloat(1.5f).putFloat(-2).putFloat(Float.NaN).flip();
        return List.of(
                new Message.Configure(1, 2, "a: ü", "hash", 1, 3, 4, 2, 1L << 33, 98),
                new Message.Join(2, "worker-0", 5),
                new Message.Seat(3, 6, 1, 2, 3),
                new Message.Waiting(4, 1, 2),
                new Message.Leave(5, ""),
                new Message.Fence(6, 7),
                new Message.Blocked(7, ATTEMPT),
                new Message.Status(8, 1, 2, 3, 4, true, false, new long[] {50, 40}, new byte[] {1, -2}),
                new Message.Load(9, 1, 2, StateVector.SECOND, 4096, floats),
                new Message.Loaded(10, 1, 2, 3, 4, new byte[0]),
                new Message.Restore(11, 1, 2, 3),
                new Message.Reduce(12, ATTEMPT, 9, 1, 1, Message.Op.MAX, new double[] {1, Double.NEGATIVE_INFINITY}),
                new Message.Reduced(13, 9, new double[] {Math.PI}),
                new Message.Push(ATTEMPT, 0, 1, 1L << 32, 3, GradientEncoding.F32, floats),
                new Message.Keep(ATTEMPT, 4, floats),
                new Message.Norms(14, ATTEMPT, 131072),
                new Message.BlockSquares(15, 17, 0, 2, new double[] {4, 5}),
                new Message.Commit(16, ATTEMPT, 0.1, 0.2, 0.3, 0.4, new double[] {1, 0.5}, new byte[] {9}),
                new Message.Committed(17, 18),
                new Message.Pull(18, StateVector.TEACHER, 3, 4, Limits.FLOATS),
                new Message.Floats(19, StateVector.STUDENT, 3, 4, floats),
                new Message.Ack(20),
                new Message.Stale(0, 2, 1),
                new Message.Refused(0, "no"));
    }

    @Test
    void everyTypeComesBackAsItWent() throws Exception {
        List<Message> messages = messages();
        assertEquals(
                Arrays.stream(Message.class.getPermittedSubclasses()).collect(Collectors.toSet()),
                messages.stream().map(Message::getClass).collect(Collectors.toSet()));
        for (Message message : messages) {
            assertEquals(text(message), text(Codec.read(frame(message))));
        }
    }

    @Test
    void payloadsAreViewsOfTheFrame() throws Exception {
        ByteBuffer frame = frame(messages().get(13));
        Message.Push push = (Message.Push) Codec.read(frame);
        frame.putFloat(frame.limit() - 12, 7f);
        assertEquals(7f, push.bytes().getFloat(0));
    }

    @Test
    void whatIsCutOrTooLongIsRefused() throws Exception {
        for (Message message : messages()) {
            ByteBuffer whole = frame(message);
            for (int length = 0; length < whole.limit(); length++) {
                ByteBuffer cut = whole.slice(0, length);
                assertThrows(MalformedMessageException.class, () -> Codec.read(cut), message::toString);
            }
            ByteBuffer more = ByteBuffer.allocate(whole.limit() + 1).put(whole).rewind();
            assertThrows(MalformedMessageException.class, () -> Codec.read(more), message::toString);
        }
    }

    /** Any four bytes may claim to be a length of 2 GB; what is read must fit the frame. */
    @Test
    void bytesOfAnyKindAreReadOrRefused() {
        SplittableRandom random = new SplittableRandom(1);
        int refused = 0;
        for (int i = 0; i < 20_000; i++) {
            ByteBuffer frame = frame(messages().get(random.nextInt(messages().size())));
            for (int j = random.nextInt(4); j >= 0; j--) {
                int at = random.nextInt(frame.limit() - 3);
                frame.putInt(at, random.nextBoolean() ? Integer.MAX_VALUE - random.nextInt(9) : random.nextInt());
            }
            try {
                Codec.read(frame);
            } catch (MalformedMessageException e) {
                refused++;
                assertTrue(e.getMessage().lines().count() == 1, e.getMessage());
            }
        }
        assertTrue(refused > 10_000, "refused " + refused);
    }

    @Test
    void theLargestFitsAFrameAndLargerIsRefused() throws Exception {
        frame(new Message.Reduce(1, ATTEMPT, 0, 0, 1, Message.Op.SUM, new double[Limits.DOUBLES]));
        ByteBuffer payload = ByteBuffer.allocate(Limits.PAYLOAD);
        frame(new Message.Push(ATTEMPT, 0, 1, 0, Limits.FLOATS, GradientEncoding.F32, payload));
        frame(new Message.Keep(ATTEMPT, 0, payload));
        frame(new Message.Configure(1, 0, "x".repeat(Limits.YAML), "h", 0, 1, 1, 1, 1, 0));
        frame(new Message.Refused(1, "x".repeat(Limits.STRING)));
        for (Message large : List.of(
                new Message.Reduced(1, 0, new double[Limits.DOUBLES + 1]),
                new Message.Load(1, 1, 1, StateVector.STUDENT, 0, ByteBuffer.allocate(Limits.PAYLOAD + 4)),
                new Message.Load(1, 1, 1, StateVector.STUDENT, 0, ByteBuffer.allocate(3)),
                new Message.Keep(ATTEMPT, 0, ByteBuffer.allocate(Limits.PAYLOAD + 4)),
                new Message.Keep(ATTEMPT, 0, ByteBuffer.allocate(7)),
                new Message.Join(1, "x".repeat(Limits.STRING + 1), 0))) {
            assertThrows(IllegalArgumentException.class, () -> frame(large));
        }
    }

    @Test
    void valuesOutOfRangeAreNamed() {
        assertFault("shards must be 2 to", new Message.Configure(1, 0, "", "h", 1, 1, 1, 1, 1, 0));
        assertFault("workers must be 1 to 2", new Message.Configure(1, 0, "", "h", 0, 1, 2, 3, 1, 0));
        assertFault("step must be 0 or more", new Message.Norms(1, new Attempt(0, 0, -1), 0));
        assertFault("count must be 1 to 262144", new Message.Pull(1, StateVector.STUDENT, 0, 0, 0));
        assertFault("rankCount must be 1 to", new Message.Reduce(1, ATTEMPT, 0, 0, 0, Message.Op.SUM, new double[0]));
        for (Message unanswered : messages().subList(13, 15)) {
            ByteBuffer asks = frame(unanswered);
            asks.putLong(4, 1);
            assertThrows(MalformedMessageException.class, () -> Codec.read(asks), unanswered::toString);
        }
    }

    private static void assertFault(String expected, Message message) {
        String text = assertThrows(MalformedMessageException.class, () -> Codec.read(frame(message)))
                .getMessage();
        assertTrue(text.contains(expected), text);
    }

    private static ByteBuffer frame(Message message) {
        Codec.write(message, SCRATCH.clear());
        ByteBuffer frame = ByteBuffer.allocate(SCRATCH.position()).order(ByteOrder.LITTLE_ENDIAN);
        return frame.put(SCRATCH.flip()).flip();
    }

    /** A record's components with what is in its arrays and buffers. */
    private static String text(Message message) throws ReflectiveOperationException {
        StringBuilder text = new StringBuilder(message.getClass().getSimpleName());
        for (RecordComponent c : message.getClass().getRecordComponents()) {
            Object value = c.getAccessor().invoke(message);
            if (value instanceof ByteBuffer b) {
                byte[] bytes = new byte[b.remaining()];
                b.duplicate().get(bytes);
                value = bytes;
            }
            text.append(' ').append(Arrays.deepToString(new Object[] {value}));
        }
        return text.toString();
    }

    @Test
    void theFirstBytesAreTypeAndRequest() {
        byte[] join = frame(new Message.Join(258, "w", 1)).array();
        assertArrayEquals(new byte[] {2, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 1, 0, 'w', 1, 0, 0, 0, 0, 0, 0, 0}, join);
    }
}
