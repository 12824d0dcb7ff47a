package io.dino4j.train.cluster.wire;

import static io.dino4j.train.cluster.wire.Served.SOON;
import static io.dino4j.train.cluster.wire.Served.ask;
import static io.dino4j.train.cluster.wire.Served.plain;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Addresses, keys, and who is turned away. */
final class CredentialsTest {
    @TempDir
    private Path dir;

    @ParameterizedTest
    @CsvSource({
        "host:7700, host:7700, false",
        "127.0.0.1:1, 127.0.0.1:1, true",
        "[::1]:65535, [::1]:65535, true",
        "0.0.0.0:7700, 0.0.0.0:7700, false",
        "192.0.2.1:80, 192.0.2.1:80, false",
        "ipc:3, ipc:3, true"
    })
    void addressesAreRead(String text, String written, boolean loopback) {
        if (!text.startsWith("host")) {
            assertEquals(loopback, Address.parse(text).isLoopback());
        }
        assertEquals(written, Address.parse(text).toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "host",
                ":7700",
                "host:",
                "host:0",
                "host:65536",
                "host:-1",
                "::1:7700",
                "a|b:7700",
                "a?x=1:7",
                "host:99999999999",
                "ipc:",
                "ipc:x",
                "ipc:65536",
                "ipc:99999999999",
                "[::1]",
                "http://a:1"
            })
    void whatIsNoAddressIsToldInOneLine(String text) {
        String message = assertThrows(IllegalArgumentException.class, () -> Address.parse(text))
                .getMessage();
        assertEquals(1, message.lines().count(), message);
        assertTrue(message.length() > 20, message);
    }

    @Test
    void keysAreWrittenForTheirOwnerAndReadBack() throws IOException {
        Path file = dir.resolve("k");
        Key.generate(file);
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        assertEquals(32, Files.size(file));
        assertArrayEquals(Key.read(file).bytes(), Key.read(file).bytes());
        assertFalse(java.util.Arrays.equals(
                Key.generate(dir.resolve("other")).bytes(), Key.read(file).bytes()));
        assertEquals("Key", Key.read(file).toString());
        assertTrue(fault(() -> Key.generate(file)).contains("there is a file already"));
    }

    @Test
    void badKeysAreToldInOneLine() throws IOException {
        Path file = dir.resolve("k");
        assertTrue(fault(() -> Key.read(file)).contains("there is no such key file"));
        Files.write(file, new byte[31]);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        assertEquals(file + ": a key is a file of 32 to 65536 bytes, this has 31", fault(() -> Key.read(file)));
        Files.write(file, new byte[32]);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        assertEquals(
                file + ": others than its owner may use this key; run: chmod 600 " + file, fault(() -> Key.read(file)));
        assertTrue(fault(() -> Key.generate(dir.resolve("none/k"))).contains("no such folder"));
    }

    private static String fault(org.junit.jupiter.api.function.Executable work) {
        String message = assertThrows(IOException.class, work).getMessage();
        assertEquals(1, message.lines().count(), message);
        return message;
    }

    @Test
    void noKeyMeansLoopback() throws Exception {
        String reason = "can be reached from other machines and needs a key";
        try (Wire wire = Wire.embedded(line -> {})) {
            for (String address : new String[] {"0.0.0.0:7700", "192.0.2.1:7700", "[::]:7700"}) {
                Address open = Address.parse(address);
                assertTrue(
                        assertThrows(IllegalArgumentException.class, () -> wire.listen(open, plain("s"), new Nothing()))
                                .getMessage()
                                .contains(reason));
                assertTrue(assertThrows(IllegalArgumentException.class, () -> wire.connect(open, plain("c"), SOON))
                        .getMessage()
                        .contains(reason));
            }
            IllegalArgumentException unknown = assertThrows(
                    IllegalArgumentException.class,
                    () -> wire.connect(
                            new Udp("no-such-host.invalid", 7),
                            new Credentials(Optional.of(key("k")), "", "", "c"),
                            SOON));
            assertEquals("no-such-host.invalid:7: no machine of this name is known", unknown.getMessage());
        }
    }

    private static final class Nothing implements Service {
        @Override
        public void connected(Peer peer) {}

        @Override
        public void frame(Peer peer, java.nio.ByteBuffer payload) {}

        @Override
        public void left(Peer peer, String reason) {}
    }

    private Key key(String name) throws IOException {
        return Files.exists(dir.resolve(name)) ? Key.read(dir.resolve(name)) : Key.generate(dir.resolve(name));
    }

    private Credentials with(String key, String version, String hash, String name) throws IOException {
        return new Credentials(Optional.of(key(key)), version, hash, name);
    }

    @Test
    void whoShowsOtherCredentialsIsRefusedWithTheReason() throws Exception {
        Udp address = Served.freePort();
        try (Served served = new Served(address, with("k", "1.0", "abc", "server")) {
            @Override
            public Optional<String> refuse(Hello hello) {
                return hello.name().equals("late") ? Optional.of("the run is over") : Optional.empty();
            }
        }) {
            refused(served, with("x", "1.0", "abc", "w"), "wrong key");
            refused(served, plain("w"), "wrong key");
            refused(
                    served,
                    with("k", "1.1", "abc", "w"),
                    "it is version 1.1, this server 1.0; use the same version of dino4j");
            refused(
                    served,
                    with("k", "1.0", "abd", "w"),
                    "its configuration is another one than this server's (hash abd, not abc)");
            refused(
                    served,
                    with("k", "1.0", "", "w"),
                    "its configuration is another one than this server's (hash missing, not abc)");
            refused(served, with("k", "1.0", "abc", "late"), "the run is over");
            assertTrue(served.events.isEmpty());
            assertTrue(served.log
                    .get(0)
                    .matches("\\Q%s\\E: refused somebody \\(127.0.0.1:\\d+\\): wrong key".formatted(address)));
            try (Connection connection = served.wire.connect(address, with("k", "1.0", "abc", "w"), SOON)) {
                assertArrayEquals(new byte[] {1}, ask(connection, new byte[] {1}));
                served.awaits("connected w");
            }
        }
    }

    private static void refused(Served served, Credentials credentials, String reason) {
        RefusedException refused = assertThrows(
                RefusedException.class, () -> served.wire.connect(served.listener.address(), credentials, SOON));
        assertEquals(served.listener.address() + ": refused: " + reason, refused.getMessage());
    }

    @Test
    void aServerWithoutHashTakesAny() throws Exception {
        try (Served served = new Served(new Ipc(1), with("k", "1.0", "", "server"));
                Connection connection = served.wire.connect(new Ipc(1), with("k", "1.0", "any", "w"), SOON)) {
            assertArrayEquals(new byte[] {1}, ask(connection, new byte[] {1}));
        }
    }

    @Test
    void anotherProtocolIsRefusedInWords() throws Exception {
        Handshake.Opening later = new Handshake.Opening(Packet.PROTOCOL + 1, new byte[32], 5, "9.0", "", "w");
        Handshake.Opening read =
                Handshake.Opening.decode(later.encode(key("k"))).orElseThrow();
        assertEquals(Packet.PROTOCOL + 1, read.protocol());
        assertEquals(5, read.reply());
        assertEquals("", read.name());
    }
}
