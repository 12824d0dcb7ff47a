package io.dino4j.zoo.download;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Downloads from a server of this machine that breaks off, lies, or has another file by now. */
final class DownloadTest {
    private static final int LENGTH = 3_000_000;
    private static final long PAUSE_MS = 10;

    @TempDir
    private Path folder;

    private final byte[] content = new byte[LENGTH];
    private final List<String> ranges = new CopyOnWriteArrayList<>();
    private HttpServer server;
    private volatile String tag = "\"one\"";
    private volatile int breakAfter = Integer.MAX_VALUE; // bytes of an answer
    private volatile boolean knowsRanges = true;
    private volatile int status = 200;

    @BeforeEach
    void start() throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < LENGTH; i++) {
            content[i] = (byte) random.nextInt();
        }
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.setExecutor(Executors.newCachedThreadPool());
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answer(HttpExchange x) throws IOException {
        String range = x.getRequestHeaders().getFirst("Range");
        ranges.add(String.valueOf(range));
        if (status != 200) {
            x.sendResponseHeaders(status, -1);
            x.close();
            return;
        }
        boolean same = tag.equals(x.getRequestHeaders().getFirst("If-Range"));
        int from = range != null && knowsRanges && same
                ? Integer.parseInt(range.substring("bytes=".length(), range.length() - 1))
                : 0;
        x.getResponseHeaders().add("ETag", tag);
        if (from > 0) {
            x.getResponseHeaders().add("Content-Range", "bytes %d-%d/%d".formatted(from, LENGTH - 1, LENGTH));
        }
        x.sendResponseHeaders(from > 0 ? 206 : 200, LENGTH - from);
        int count = Math.min(LENGTH - from, breakAfter);
        x.getResponseBody().write(content, from, count);
        x.getResponseBody().flush();
        x.close(); // before the announced end, if it was to break
    }

    private URI address() {
        return URI.create(
                "http://127.0.0.1:%d/model.pth".formatted(server.getAddress().getPort()));
    }

    private Download download(Optional<String> sha256) {
        return new Download(address(), folder.resolve("cache/model.pth"), sha256, PAUSE_MS);
    }

    private String sha256() throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    }

    private List<String> files() throws IOException {
        try (Stream<Path> all = Files.list(folder.resolve("cache"))) {
            return all.map(p -> p.getFileName().toString())
                    .filter(name -> !name.endsWith(".lock"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void aFileArrivesOnce() throws Exception {
        Path file = download(Optional.of(sha256())).fetch();
        assertArrayEquals(content, Files.readAllBytes(file));
        assertEquals(List.of("model.pth"), files());
        download(Optional.of(sha256().toUpperCase(Locale.ROOT))).fetch();
        download(Optional.empty()).fetch();
        assertEquals(List.of("null"), ranges);
    }

    @Test
    void aBrokenConnectionIsTakenUpWhereItBroke() throws Exception {
        breakAfter = LENGTH / 3 + 1;
        Path file = download(Optional.of(sha256())).fetch();
        assertArrayEquals(content, Files.readAllBytes(file));
        assertEquals(List.of("null", "bytes=1000001-", "bytes=2000002-"), ranges);
    }

    @Test
    void anotherProcessGoesOn() throws Exception {
        breakAfter = 1000;
        IOException e =
                assertThrows(IOException.class, () -> download(Optional.empty()).fetch());
        assertTrue(e.getMessage().contains("model.pth") && e.getMessage().contains("try again"), e.getMessage());
        assertFalse(files().contains("model.pth"));
        breakAfter = Integer.MAX_VALUE;
        ranges.clear();
        assertArrayEquals(
                content, Files.readAllBytes(download(Optional.of(sha256())).fetch()));
        assertEquals(List.of("bytes=5000-"), ranges);
    }

    @Test
    void aFileThatChangedMeanwhileIsFetchedAnew() throws Exception {
        breakAfter = 1000;
        assertThrows(IOException.class, () -> download(Optional.empty()).fetch());
        breakAfter = Integer.MAX_VALUE;
        tag = "\"two\"";
        Arrays.fill(content, (byte) 7);
        assertArrayEquals(content, Files.readAllBytes(download(Optional.empty()).fetch()));
    }

    @Test
    void aServerWithoutRangesBeginsAgain() throws Exception {
        breakAfter = 1000;
        assertThrows(IOException.class, () -> download(Optional.empty()).fetch());
        breakAfter = Integer.MAX_VALUE;
        knowsRanges = false;
        assertArrayEquals(
                content, Files.readAllBytes(download(Optional.of(sha256())).fetch()));
    }

    @Test
    void aWrongHashLeavesNothing() throws IOException {
        IOException e = assertThrows(
                IOException.class, () -> download(Optional.of("00".repeat(32))).fetch());
        assertTrue(e.getMessage().contains("SHA-256"), e.getMessage());
        assertFalse(files().contains("model.pth") || files().contains("model.pth.part"), files().toString());
    }

    @Test
    void aCachedFileOfAnotherHashIsReplaced() throws Exception {
        Path file = Files.createDirectories(folder.resolve("cache")).resolve("model.pth");
        Files.write(file, new byte[10]);
        assertArrayEquals(
                content, Files.readAllBytes(download(Optional.of(sha256())).fetch()));
    }

    @Test
    void aMissingFileIsNotTriedAgain() {
        status = 404;
        IOException e =
                assertThrows(IOException.class, () -> download(Optional.empty()).fetch());
        assertTrue(e.getMessage().contains(address() + ": the server answers 404"), e.getMessage());
        assertEquals(1, ranges.size());
    }

    @Test
    void aServerInTroubleIsTriedAgain() {
        status = 503;
        assertThrows(IOException.class, () -> download(Optional.empty()).fetch());
        assertEquals(5, ranges.size());
    }

    @Test
    void manyAskForTheSameFileAndItIsFetchedOnce() throws Exception {
        var pool = Executors.newFixedThreadPool(4);
        try {
            List<Future<Path>> all = IntStream.range(0, 4)
                    .mapToObj(i -> pool.submit(() -> download(Optional.empty()).fetch()))
                    .toList();
            for (Future<Path> f : all) {
                assertArrayEquals(content, Files.readAllBytes(f.get()));
            }
        } finally {
            pool.shutdown();
        }
        assertEquals(1, ranges.size());
    }

    @Test
    void aFileOfThisMachineIsUsedWhereItIs() throws Exception {
        Path local = Files.write(folder.resolve("here.pth"), content);
        assertEquals(local, new Download(local.toUri(), folder.resolve("cache/x.pth"), Optional.of(sha256())).fetch());
        assertThrows(
                IOException.class,
                () -> new Download(folder.resolve("none.pth").toUri(), folder.resolve("x"), Optional.empty()).fetch());
    }

    @Test
    void otherAddressesAreRefused() {
        URI ftp = URI.create("ftp://127.0.0.1/model.pth");
        IOException e = assertThrows(
                IOException.class, () -> new Download(ftp, folder.resolve("x.pth"), Optional.empty()).fetch());
        assertTrue(e.getMessage().contains("only https:"), e.getMessage());
    }
}
