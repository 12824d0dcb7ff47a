package io.dino4j.train.cluster.wire;

import static io.dino4j.train.cluster.wire.Served.SOON;
import static io.dino4j.train.cluster.wire.Served.ask;
import static io.dino4j.train.cluster.wire.Served.plain;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aeron.protocol.DataHeaderFlyweight;
import io.aeron.protocol.SetupFlyweight;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What strangers and broken clients send costs a line of the log and nothing else. */
final class HostilePeersTest {
    private static final byte[] HI = {1, 2, 3};

    private static void dropped(Served served, long atLeast) throws InterruptedException {
        Served.eventually(() -> served.listener.dropped() >= atLeast, () -> "dropped %d of %d: %s"
                .formatted(served.listener.dropped(), atLeast, served.log));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ipc", "udp"})
    void repeatedAlteredAndCutPacketsAreDropped(String scheme) throws Exception {
        boolean inMemory = scheme.equals("ipc");
        Address address = inMemory ? new Ipc(1) : Served.freePort();
        try (Served served = new Served(address, plain("server"));
                Mole mole = new Mole(served.wire, address)) {
            mole.shakeHands(Key.NONE, "mole");
            byte[] good = mole.packet(Packet.FRAME, 1, HI.length, HI);
            mole.raw(good);
            assertArrayEquals(HI, mole.answer());
            mole.raw(good);
            dropped(served, 1);
            assertEquals(1, served.log.size());
            assertTrue(served.log.get(0).contains("dropped a replayed packet that claims to be of mole"));
            byte[] next = mole.packet(Packet.FRAME, 2, HI.length, HI);
            long drops = 1;
            for (int i = 0; i < next.length; i++) {
                boolean sealed = !inMemory || i < Packet.HEADER || i >= Packet.HEADER + HI.length;
                if (sealed) {
                    byte[] altered = next.clone();
                    altered[i] ^= (byte) (1 << (i % 8));
                    mole.raw(altered);
                    drops++;
                }
                mole.raw(Arrays.copyOf(next, i));
                drops++;
            }
            dropped(served, drops);
            mole.raw(next);
            assertArrayEquals(HI, mole.answer(), "the session has gone on");
            assertEquals(drops, served.listener.dropped());
            assertTrue(served.log.size() <= 3, served.log::toString);
            assertEquals("[connected mole]", served.events.toString());
        }
    }

    @Test
    void aGapEndsTheSession() throws Exception {
        try (Served served = new Served(new Ipc(1), plain("server"));
                Mole mole = new Mole(served.wire, new Ipc(1))) {
            mole.shakeHands(Key.NONE, "mole");
            mole.raw(mole.packet(Packet.FRAME, 2, HI.length, HI));
            served.awaits("left mole: packets from it were lost");
        }
    }

    @Test
    void aFrameThatClaimsTooMuchEndsTheSessionAndTakesNoMemory() throws Exception {
        int[] claims = {Integer.MAX_VALUE, -1, Integer.MIN_VALUE, Wire.MAX_FRAME + 1, HI.length - 1};
        try (Served served = new Served(new Ipc(1), plain("server"))) {
            for (int i = 0; i < claims.length; i++) {
                try (Mole mole = new Mole(served.wire, new Ipc(1))) {
                    mole.shakeHands(Key.NONE, "mole" + i);
                    mole.raw(mole.packet(Packet.FRAME, 1, claims[i], HI));
                    served.awaits("left mole%d: packets from it were lost".formatted(i));
                }
            }
            try (Mole mole = new Mole(served.wire, new Ipc(1))) {
                mole.shakeHands(Key.NONE, "endless");
                mole.raw(mole.packet(Packet.FRAME, 1, 100, new byte[0]));
                served.awaits("left endless: packets from it were lost");
            }
        }
    }

    @Test
    void aRecordedHandshakeOpensNothing() throws Exception {
        try (Served served = new Served(new Ipc(1), plain("server"));
                Mole mole = new Mole(served.wire, new Ipc(1));
                Mole other = new Mole(served.wire, new Ipc(1))) {
            byte[] opening =
                    new Handshake.Opening(Packet.PROTOCOL, Key.random(), 1 << 20, "1.0", "", "mole").encode(Key.NONE);
            mole.raw(opening);
            mole.raw(opening);
            mole.shakeHands(Key.NONE, "mole");
            served.awaits("connected mole");
            byte[] frame = mole.packet(Packet.FRAME, 1, HI.length, HI);
            other.raw(frame); // of a session, but from elsewhere
            dropped(served, 1);
            mole.raw(frame);
            assertArrayEquals(HI, mole.answer());
            assertEquals("[connected mole]", served.events.toString());
        }
    }

    @Test
    void handshakesUnderWayAreBounded() throws Exception {
        try (Served served = new Served(new Ipc(1), plain("server"));
                Mole mole = new Mole(served.wire, new Ipc(1))) {
            for (int i = 0; i < 300; i++) { // nobody reads the answers
                mole.raw(new Handshake.Opening(Packet.PROTOCOL, Key.random(), 1 << 20, "1.0", "", "mole")
                        .encode(Key.NONE));
            }
            dropped(served, 300 - Wire.MOST_OPENING);
            assertTrue(logs(served.wire) < 200, () -> "%d logs".formatted(logs(served.wire)));
        }
    }

    private static long logs(Wire wire) {
        try (Stream<Path> files = Files.walk(wire.aeronDir())) {
            return files.filter(file -> file.toString().endsWith(".logbuffer")).count();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void randomPacketsAreDropped() throws Exception {
        SplittableRandom random = new SplittableRandom(7);
        try (Served served = new Served(new Ipc(1), plain("server"));
                Mole mole = new Mole(served.wire, new Ipc(1));
                Connection client = served.client("client")) {
            mole.shakeHands(Key.NONE, "mole");
            assertArrayEquals(HI, ask(client, HI));
            long before = memory();
            int packets = 5000;
            for (int i = 0; i < packets; i++) {
                byte[] packet = new byte[random.nextInt(i % 50 == 0 ? mole.mostPacket() : 200)];
                random.nextBytes(packet);
                if (i % 2 == 0 && packet.length >= Packet.OVERHEAD) {
                    byte[] start = mole.packet(Packet.HELLO + ((i % 7) << 24), random.nextInt(3), random.nextInt(), HI);
                    System.arraycopy(start, 0, packet, 0, Packet.HEADER);
                }
                mole.raw(packet);
            }
            assertArrayEquals(HI, ask(client, HI));
            dropped(served, packets);
            assertTrue(memory() - before < 16 << 20, "bytes of heap: " + (memory() - before));
            assertTrue(logs(served.wire) < 100);
            assertTrue(!served.log.isEmpty() && served.log.size() < 12, served.log::toString);
        }
    }

    private static long memory() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    @Test
    void datagramsAndConnectionsOfOtherProgramsAreDropped() throws Exception {
        SplittableRandom random = new SplittableRandom(8);
        Udp address = Served.freePort();
        try (Served served = new Served(address, plain("server"));
                Connection client = served.client("client");
                DatagramSocket socket = new DatagramSocket()) {
            assertArrayEquals(HI, ask(client, HI));
            InetSocketAddress to = new InetSocketAddress(address.host(), address.port());
            for (int i = 0; i < 6000; i++) {
                byte[] datagram = datagram(random, i);
                socket.send(new DatagramPacket(datagram, datagram.length, to));
                if (i % 1000 == 0) {
                    assertThrows(IOException.class, () -> new Socket(address.host(), address.port()).close());
                    assertArrayEquals(HI, ask(client, HI));
                }
            }
            dropped(served, 500);
            assertArrayEquals(HI, ask(client, HI));
            assertTrue(logs(served.wire) < 10, () -> logs(served.wire) + " logs");
            assertTrue(!served.log.isEmpty() && served.log.size() < 12, served.log::toString);
        }
    }

    /** Noise, and what looks like Aeron's: a stream with a log of 1 GiB, data of any position. */
    private static byte[] datagram(SplittableRandom random, int i) {
        byte[] datagram = new byte[random.nextInt(i % 100 == 0 ? 2000 : 100)];
        random.nextBytes(datagram);
        UnsafeBuffer buffer = new UnsafeBuffer(datagram);
        if (i % 3 == 1 && datagram.length >= SetupFlyweight.HEADER_LENGTH) {
            new SetupFlyweight(buffer)
                    .initialTermId(0)
                    .activeTermId(0)
                    .termOffset(0)
                    .termLength(i % 2 == 0 ? 1 << 30 : random.nextInt())
                    .mtuLength(1408)
                    .streamId(1)
                    .sessionId(random.nextInt())
                    .version((short) 0)
                    .headerType(SetupFlyweight.HDR_TYPE_SETUP)
                    .frameLength(SetupFlyweight.HEADER_LENGTH);
        } else if (i % 3 == 2 && datagram.length >= DataHeaderFlyweight.HEADER_LENGTH) {
            new DataHeaderFlyweight(buffer)
                    .streamId(1)
                    .version((short) 0)
                    .headerType(DataHeaderFlyweight.HDR_TYPE_DATA)
                    .frameLength(i % 2 == 0 ? Integer.MAX_VALUE : datagram.length);
        }
        return datagram;
    }

    /** Both take seconds, so they are watched at the same time. */
    @Test
    void aKilledClientIsNoticedAndAStreamThatOpensNoSessionIsTurnedAway() throws Exception {
        Udp address = Served.freePort();
        try (Served served = new Served(address, plain("server"));
                Connection client = served.client("client");
                Mole idle = new Mole(served.wire, address)) {
            Process process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
                            "-XX:TieredStopAtLevel=1",
                            "-Xmx64m",
                            "-cp",
                            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                            Victim.class.getName(),
                            address.toString())
                    .inheritIO()
                    .start();
            try {
                served.awaits("connected victim");
            } finally {
                process.destroyForcibly();
            }
            served.awaits("left victim: no sign of life");
            Served.eventually(
                    () -> served.log.stream().anyMatch(line -> line.contains("that opened no session")),
                    served.log::toString);
            Served.eventually(() -> !idle.isConnected(), () -> "the stream stays");
            assertArrayEquals(HI, ask(client, HI));
        }
    }

    @Test
    void theFolderOfAKilledProcessIsRemovedByTheNext() throws Exception {
        try (Wire wire = Wire.embedded(line -> {})) {
            Path parent = wire.aeronDir().getParent().getParent();
            Path leftover = parent.resolve("dino4j-999999999-1"); // more than any process has
            Files.createDirectories(leftover.resolve("aeron"));
            Files.write(leftover.resolve("aeron/x.logbuffer"), HI);
            try (Wire next = Wire.embedded(line -> {})) {
                assertFalse(Files.exists(leftover));
                assertTrue(Files.exists(wire.aeronDir()));
                assertTrue(Files.exists(next.aeronDir()));
            }
        }
    }

    /** What is killed. */
    static final class Victim {
        private Victim() {}

        public static void main(String[] args) throws Exception {
            Wire wire = Wire.embedded(line -> {});
            Connection connection = wire.connect(Address.parse(args[0]), plain("victim"), SOON);
            connection.send(ByteBuffer.wrap(HI));
            connection.receive(SOON).orElseThrow();
            Thread.sleep(SOON.toMillis() * 6);
        }
    }
}
