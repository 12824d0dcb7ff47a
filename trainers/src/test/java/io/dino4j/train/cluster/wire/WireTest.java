package io.dino4j.train.cluster.wire;

import static io.dino4j.train.cluster.wire.Served.SOON;
import static io.dino4j.train.cluster.wire.Served.ask;
import static io.dino4j.train.cluster.wire.Served.numbered;
import static io.dino4j.train.cluster.wire.Served.plain;
import static io.dino4j.train.cluster.wire.Served.receive;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Frames between ends that know each other. */
final class WireTest {
    private static Wire wire;

    @BeforeAll
    static void startADriver() throws IOException {
        wire = Wire.embedded(line -> {});
    }

    @AfterAll
    static void stopIt() {
        wire.close();
    }

    private static Address address(String scheme) throws IOException {
        return scheme.equals("ipc") ? new Ipc(3) : Served.freePort();
    }

    @ParameterizedTest
    @ValueSource(strings = {"ipc", "udp"})
    void framesOfEveryLengthArriveAsTheyWere(String scheme) throws Exception {
        try (Served served = new Served(wire, address(scheme), plain("server"));
                Connection connection = served.client("client")) {
            int room = (scheme.equals("ipc") ? Route.IPC_MTU : Route.LOOPBACK_MTU) - 32 - Packet.OVERHEAD;
            long payload = 0;
            int[] lengths = {0, 1, 100, room - 1, room, room + 1, 3 * room, 200_000, 1 << 20, Wire.MAX_FRAME, 0, 7};
            for (int length : lengths) {
                byte[] sent = numbered(length, length);
                assertArrayEquals(sent, ask(connection, sent), "length " + length);
                payload += length;
            }
            Traffic traffic = connection.traffic();
            assertEquals(lengths.length, traffic.framesReceived());
            assertEquals(lengths.length, traffic.framesSent());
            assertEquals(payload, traffic.payloadSent());
            assertEquals(payload, traffic.payloadReceived());
            assertTrue(traffic.bytesSent() > payload && traffic.bytesSent() < payload * 1.01, traffic::toString);
            IllegalArgumentException tooLong = assertThrows(
                    IllegalArgumentException.class, () -> connection.send(ByteBuffer.allocate(Wire.MAX_FRAME), one()));
            assertEquals("a frame has at most 1049600 bytes, this has 1049601", tooLong.getMessage());
            assertEquals(1, ask(connection, new byte[1]).length);
        }
    }

    private static ByteBuffer one() {
        return ByteBuffer.allocate(1);
    }

    @Test
    void partsAreSentBehindEachOtherAndStayAsTheyAre() throws Exception {
        try (Served served = new Served(wire, new Ipc(1), plain("server"));
                Connection connection = served.client("client")) {
            ByteBuffer head =
                    ByteBuffer.wrap(new byte[] {9, 1, 2, 9}).position(1).limit(3);
            ByteBuffer direct =
                    ByteBuffer.allocateDirect(100_000).put(numbered(100_000, 5)).flip();
            connection.send(head, ByteBuffer.allocate(0), direct);
            ByteBuffer answer = connection.receive(SOON).orElseThrow();
            assertEquals(ByteOrder.LITTLE_ENDIAN, answer.order());
            assertEquals(100_002, answer.remaining());
            assertEquals(0x0201, answer.getShort());
            assertEquals(direct, answer);
            assertEquals(1, head.position());
            assertEquals(0, direct.position());
            assertTrue(connection.receive(Duration.ZERO).isEmpty());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ipc", "udp"})
    void clientsGetTheirOwnAnswersAndOneThatDoesNotReadKeepsNobodyWaiting(String scheme) throws Exception {
        try (Served served = new Served(wire, address(scheme), plain("server"));
                Connection second = served.client("second")) {
            Connection first = served.client("first");
            for (int i = 0; i < 50; i++) {
                first.send(ByteBuffer.wrap(numbered(2000 * i, 1)));
                second.send(ByteBuffer.wrap(numbered(1000 * i, 2)));
            }
            for (int i = 0; i < 50; i++) {
                assertArrayEquals(numbered(1000 * i, 2), receive(second));
                assertArrayEquals(numbered(2000 * i, 1), receive(first));
            }
            first.close();
            served.awaits("left first: it has left");
            assertArrayEquals(new byte[] {5}, ask(second, new byte[] {5}));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ipc", "udp"})
    void aSlowReaderLosesNothing(String scheme) throws Exception {
        try (Served served = new Served(wire, address(scheme), plain("server")) {
                    @Override
                    public void frame(Peer peer, ByteBuffer payload) {
                        for (int i = 0; i < 300; i++) {
                            assertTrue(peer.send(ByteBuffer.wrap(numbered(20_000, i))));
                        }
                    }
                };
                Connection connection = served.client("client")) {
            connection.send(one());
            for (int i = 0; i < 300; i++) {
                if (i % 20 == 0) {
                    Thread.sleep(10);
                }
                assertArrayEquals(numbered(20_000, i), receive(connection), "frame " + i);
            }
        }
    }

    /** 10 MB each way, more than logs and queue hold, and the client reads only when it has sent all. */
    @ParameterizedTest
    @ValueSource(strings = {"ipc", "udp"})
    void twoThatBothSendDoNotWaitForEachOther(String scheme) throws Exception {
        try (Served served = new Served(wire, address(scheme), plain("server"));
                Connection connection = served.client("client")) {
            byte[] lent = numbered(300_000, 77);
            connection.send(ByteBuffer.wrap(lent));
            ByteBuffer held = connection.receive(SOON).orElseThrow();
            for (int i = 0; i < 40; i++) {
                connection.send(ByteBuffer.wrap(numbered(250_000, i)));
            }
            assertEquals(ByteBuffer.wrap(lent), held, "valid until the next receive");
            for (int i = 0; i < 40; i++) {
                assertArrayEquals(numbered(250_000, i), receive(connection), "frame " + i);
            }
        }
    }

    @Test
    void threadsThatSendAtTheSameTimeMixNoFrames() throws Exception {
        try (Served served = new Served(wire, new Ipc(1), plain("server"));
                Connection connection = served.client("client")) {
            int threads = 4;
            int frames = 60;
            List<Thread> senders = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                int id = t;
                Thread sender = new Thread(() -> {
                    for (int i = 0; i < frames; i++) {
                        try {
                            connection.send(
                                    ByteBuffer.wrap(new byte[] {(byte) id}), ByteBuffer.wrap(numbered(70_000, i)));
                        } catch (WireException e) {
                            throw new IllegalStateException(e);
                        }
                    }
                });
                sender.start();
                senders.add(sender);
            }
            int[] next = new int[threads];
            for (int i = 0; i < threads * frames; i++) {
                ByteBuffer frame = connection.receive(SOON).orElseThrow();
                assertEquals(ByteBuffer.wrap(numbered(70_000, next[frame.get()]++)), frame);
            }
            for (Thread sender : senders) {
                sender.join();
            }
        }
    }

    @Test
    void aServerThatComesBackIsReachedAgain() throws Exception {
        Udp address = Served.freePort();
        for (int life = 0; life < 2; life++) {
            Connection connection;
            try (Served served = new Served(address, plain("server"))) {
                connection = wire.connect(address, plain("client"), SOON);
                assertArrayEquals(new byte[] {1}, ask(connection, new byte[] {1}));
                assertEquals(Optional.empty(), served.failure());
            }
            WireException over = assertThrows(WireException.class, () -> connection.receive(SOON));
            assertEquals(address + ": the connection is over: the server stops", over.getMessage());
            assertThrows(WireException.class, () -> connection.send(one()));
            connection.close();
        }
        WireException nobody =
                assertThrows(WireException.class, () -> wire.connect(address, plain("client"), Duration.ofMillis(300)));
        assertEquals(address + ": nobody listens there (tried for 0.3 s)", nobody.getMessage());
    }

    /** As after a stop of more than 3 s. */
    @Test
    void aProcessThatItsDriverHasGivenUpServesAndConnectsAgain() throws Exception {
        try (Served served = new Served(new Ipc(4), plain("server"))) {
            try (Connection first = served.client("first")) {
                assertArrayEquals(new byte[] {1}, ask(first, new byte[] {1}));
                served.wire.aeron().close();
                assertThrows(WireException.class, () -> first.receive(SOON));
                served.awaits("left first: the server stood still for too long");
            }
            try (Connection second = served.client("second")) {
                assertArrayEquals(new byte[] {2}, ask(second, new byte[] {2}));
            }
        }
    }

    @Test
    void aServerEndsASessionWithAReason() throws Exception {
        try (Served served = new Served(wire, new Ipc(2), plain("server")) {
                    @Override
                    public void frame(Peer peer, ByteBuffer payload) {
                        peer.close("that is\nno message");
                        assertFalse(peer.send(payload));
                    }
                };
                Connection connection = served.client("client")) {
            connection.send(one());
            assertEquals(
                    "ipc:2: the connection is over: that is?no message",
                    assertThrows(WireException.class, () -> connection.receive(SOON))
                            .getMessage());
            served.awaits("left client: that is\nno message");
        }
    }

    @Test
    void whatTheServiceThrowsComesOut() throws Exception {
        try (Served served = new Served(wire, new Ipc(2), plain("server")) {
                    @Override
                    public void frame(Peer peer, ByteBuffer payload) {
                        throw new IllegalStateException("a fault of the service");
                    }
                };
                Connection connection = served.client("client")) {
            connection.send(one());
            Served.eventually(() -> served.failure().isPresent(), () -> "the fault is kept back");
            assertEquals(
                    "a fault of the service", served.failure().orElseThrow().getMessage());
        }
    }

    @Test
    void anotherProcessJoinsADriverAndItsFolderIsRemoved() throws Exception {
        Path folder;
        try (Served served = new Served(new Ipc(5), plain("server"));
                Wire other = Wire.shared(served.wire.aeronDir(), line -> {});
                Connection connection = other.connect(new Ipc(5), plain("client"), SOON)) {
            folder = other.aeronDir();
            assertTrue(Files.isDirectory(folder));
            assertArrayEquals(new byte[] {3}, ask(connection, new byte[] {3}));
        }
        assertFalse(Files.exists(folder.getParent()));
        String message = assertThrows(WireException.class, () -> Wire.shared(folder, line -> {}))
                .getMessage();
        assertTrue(message.startsWith("no media driver is alive in " + folder), message);
        assertEquals(1, message.lines().count());
    }

    @Test
    void aPortThatIsTakenIsToldInOneLine() throws Exception {
        Udp address = Served.freePort();
        try (Served served = new Served(address, plain("server"))) {
            assertEquals(Optional.empty(), served.failure());
            String message = assertThrows(WireException.class, () -> new Served(wire, address, plain("second")))
                    .getMessage();
            assertTrue(message.startsWith(address + " cannot be listened on: "), message);
            assertEquals(1, message.lines().count());
        }
    }
}
