package io.dino4j.examples.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dino4j.data.Progress;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageDecoder;
import io.dino4j.data.image.ImageEncoder;
import io.dino4j.data.source.ImageSources;
import io.dino4j.zoo.PatchFeatures;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the server answers, word for word on the wire. */
final class SearchServerTest {
    private static final int IMAGES = 9;
    private static final int TIMEOUT_MS = 120_000;

    @TempDir
    private static Path dir;

    private static Path images;
    private static SearchNetwork network;
    private static SearchServer server;

    private record Reply(int status, String head, byte[] bytes) {
        JsonNode json() throws IOException {
            assertTrue(head.contains("content-type: application/json"), head);
            return new ObjectMapper().readTree(bytes);
        }

        JsonNode ok() throws IOException {
            assertEquals(200, status, () -> new String(bytes, StandardCharsets.UTF_8));
            return json();
        }

        /** It was refused with one line of JSON. */
        void refused(int code, String text) throws IOException {
            String line = json().path("error").asText();
            assertEquals(code, status, line);
            assertTrue(line.contains(text), () -> "'%s' is not in: %s".formatted(text, line));
            assertEquals(1, line.lines().count());
        }
    }

    @BeforeAll
    static void serve() throws IOException {
        images = TinySearch.pictures(dir.resolve("images"), IMAGES);
        Files.copy(images.resolve("picture-00.png"), images.resolve("z-copy.png"));
        Image third = ImageDecoder.read(images.resolve("picture-03.png"));
        ImageEncoder.write(third, images.resolve("z-compressed.jpg"));
        Files.writeString(dir.resolve("secret.txt"), "secret");
        network = TinySearch.network("tiny");
        server = SearchServer.open(setup(8, "index"), "127.0.0.1", 0, Progress.SILENT);
    }

    private static SearchServer.Setup setup(int waiting, String index) throws IOException {
        return new SearchServer.Setup(
                images.toString(),
                ImageSources.open(images, line -> {}),
                network,
                dir.resolve(index),
                1L << 30,
                waiting);
    }

    @AfterAll
    static void close() {
        server.close();
        network.close();
    }

    private static Reply send(SearchServer to, String head, byte[] body) throws IOException {
        try (Socket socket = connect(to)) {
            write(socket, head.formatted(to.address().getPort()), body);
            socket.shutdownOutput();
            byte[] all = socket.getInputStream().readAllBytes();
            String text = new String(all, StandardCharsets.ISO_8859_1);
            int end = text.indexOf("\r\n\r\n");
            return new Reply(
                    Integer.parseInt(text.split(" ", 3)[1]),
                    text.substring(0, end).toLowerCase(),
                    Arrays.copyOfRange(all, end + 4, all.length));
        }
    }

    private static Socket connect(SearchServer to) throws IOException {
        Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), to.address().getPort());
        socket.setSoTimeout(TIMEOUT_MS);
        return socket;
    }

    private static void write(Socket socket, String head, byte[] body) throws IOException {
        socket.getOutputStream().write(head.replace("\n", "\r\n").getBytes(StandardCharsets.ISO_8859_1));
        socket.getOutputStream().write(body);
        socket.getOutputStream().flush();
    }

    private static Reply get(String path) throws IOException {
        return send(
                server,
                "GET " + path.replace("%", "%%") + " HTTP/1.1\nHost: 127.0.0.1:%d\nConnection: close\n\n",
                new byte[0]);
    }

    private static Reply post(String path, byte[] body) throws IOException {
        return post(server, path, body);
    }

    private static Reply post(SearchServer to, String path, byte[] body) throws IOException {
        String length = "\nContent-Length: " + body.length + "\n\n";
        return send(to, "POST " + path + " HTTP/1.1\nHost: 127.0.0.1:%d\nConnection: close" + length, body);
    }

    private static byte[] file(String name) throws IOException {
        return Files.readAllBytes(images.resolve(name));
    }

    private static PatchFeatures features(String name) throws IOException {
        return network.features(network.see(file(name), name));
    }

    private static double cosine(float[] a, int from, float[] b) {
        double sum = 0;
        for (int i = 0; i < b.length; i++) {
            sum += a[from + i] * b[i];
        }
        return sum;
    }

    @Test
    void theSetIsTold() throws IOException {
        JsonNode set = get("/api/set").ok();
        assertEquals("images", set.path("name").asText());
        assertEquals(IMAGES + 2, set.path("images").asInt());
        assertEquals(36, set.path("size").asInt());
        JsonNode page = get("/api/images?from=1&count=2").ok();
        assertEquals(IMAGES + 2, page.path("total").asInt());
        assertEquals(2, page.path("images").size());
        assertEquals("picture-01.png", page.path("images").get(0).path("name").asText());
        JsonNode some = get("/api/images?q=WIDE%2Fpic").ok();
        assertEquals(3, some.path("total").asInt());
        JsonNode one = get("/api/images/6").ok();
        assertEquals("wide/picture-02.png", one.path("name").asText());
        assertEquals(24, one.path("height").asInt());
        assertEquals(4, one.path("grid").path("rows").asInt());
        assertEquals(9, one.path("grid").path("columns").asInt());
        assertEquals(21.0 / 24, one.path("grid").path("height").asDouble(), 1e-4, "16 of 18 rows, of 24 pixels 21");
    }

    @Test
    void picturesAreServed() throws IOException {
        for (String name : List.of("thumbnail.jpg", "picture.jpg", "pca.png")) {
            Reply reply = get("/api/images/6/" + name);
            assertEquals(200, reply.status);
            assertTrue(reply.head.contains("content-type: image/"), reply.head);
            Image picture = ImageDecoder.decode(reply.bytes, name);
            assertTrue(picture.width() > picture.height(), name);
        }
        Image colors = ImageDecoder.decode(post("/api/search/pca.png", file("wide/picture-02.png")).bytes, "upload");
        Image kept = ImageDecoder.decode(get("/api/images/6/pca.png").bytes, "set");
        assertEquals(kept.width(), colors.width());
        assertEquals(kept.height(), colors.height());
    }

    @Test
    void theNearestAreThoseOfLargestCosine() throws IOException {
        JsonNode found = get("/api/images/0/neighbours?k=200").ok().path("neighbours");
        assertEquals(IMAGES + 1, found.size(), "all but itself");
        assertEquals("z-copy.png", found.get(0).path("name").asText());
        assertEquals(1, found.get(0).path("similarity").asDouble(), 1e-3);
        float[] query = features("picture-00.png").cls();
        double last = 1;
        for (JsonNode hit : found) {
            double similarity = hit.path("similarity").asDouble();
            assertNotEquals(0, hit.path("image").asInt());
            assertEquals(cosine(features(hit.path("name").asText()).cls(), 0, query), similarity, 1e-3);
            assertTrue(similarity <= last);
            last = similarity;
        }
        assertEquals(
                3, get("/api/images/0/neighbours?k=3").ok().path("neighbours").size());
    }

    @Test
    void anImageThatIsSentFindsItself() throws IOException {
        JsonNode found = post("/api/search?k=2", file("picture-04.png")).ok();
        assertEquals(TinySearch.SIZE, found.path("width").asInt());
        assertEquals(9, found.path("grid").path("columns").asInt());
        assertEquals(2, found.path("neighbours").size());
        assertEquals(
                "picture-04.png", found.path("neighbours").get(0).path("name").asText());
        assertEquals(1, found.path("neighbours").get(0).path("similarity").asDouble(), 1e-3);
    }

    @Test
    void patchesAlikeAreFoundInOtherImages() throws IOException {
        JsonNode found = get("/api/images/0/patches/2/5?k=200").ok();
        float[] query = features("picture-00.png").patch(2, 5);
        assertEquals(81, found.path("heat").size());
        assertEquals(1, found.path("heat").get(2 * 9 + 5).asDouble(), 0.01);
        assertEquals(IMAGES, found.path("hits").size(), "not itself, and not the same file under another name");
        double last = 1;
        for (JsonNode hit : found.path("hits")) {
            PatchFeatures other = features(hit.path("name").asText());
            double most = -1;
            for (int p = 0; p < other.numPatches(); p++) {
                most = Math.max(most, cosine(other.patches(), p * other.dimension(), query));
            }
            assertEquals(most, hit.path("similarity").asDouble(), 0.02, "8 bits");
            double there = cosine(
                    other.patch(hit.path("row").asInt(), hit.path("column").asInt()), 0, query);
            assertEquals(most, there, 0.02);
            assertEquals(other.numPatches(), hit.path("heat").size());
            assertTrue(hit.path("similarity").asDouble() <= last + 1e-4);
            last = hit.path("similarity").asDouble();
        }
        JsonNode sent =
                post("/api/search/patches/2/5?k=1", file("picture-00.png")).ok();
        assertEquals("picture-00.png", sent.path("hits").get(0).path("name").asText());
        get("/api/images/6/patches/4/0").refused(404, "the image has 4 rows of 9");
        get("/api/images/99/patches/0/0").refused(404, "there is no image 99; the set has 11, counted from 0");
    }

    @Test
    void copiesAreGroupedOnceAndKept() throws Exception {
        JsonNode answer = get("/api/duplicates").ok();
        while (answer.path("state").asText().equals("working")) {
            Thread.sleep(50);
            answer = get("/api/duplicates").ok();
        }
        assertEquals("ready", answer.path("state").asText(), answer.toString());
        List<List<String>> groups = answer.path("groups").findParents("image").stream()
                .map(n -> List.of(n.path("name").asText()))
                .toList();
        assertTrue(
                groups.contains(List.of("picture-00.png")) && groups.contains(List.of("z-copy.png")),
                answer.toString());
        try (var files = Files.list(dir.resolve("index"))) {
            Path folder = files.filter(f -> f.getFileName().toString().startsWith("copies-"))
                    .findFirst()
                    .orElseThrow();
            assertTrue(Files.exists(folder.resolve("groups.json")));
            assertFalse(Files.exists(folder.resolve("embedded")), "what it took to find them is gone");
        }
    }

    @Test
    void whatIsNoImageIsRefusedInOneLine() throws IOException {
        byte[] whole = file("z-compressed.jpg");
        post("/api/search", new byte[0]).refused(400, "the file is empty");
        post("/api/search", "hello".getBytes(StandardCharsets.UTF_8)).refused(400, "neither a JPEG nor a PNG");
        post("/api/search", Arrays.copyOf(whole, whole.length / 2)).refused(400, "truncated");
        post("/api/search", Pictures.hollow(10, 10)).refused(400, "damaged");
        byte[] narrow = ImageEncoder.png(new Image(100, 1, new byte[300]));
        post("/api/search", narrow).refused(400, "too narrow");
        post("/api/search", Pictures.hollow(60_000, 60_000)).refused(413, "60000 x 60000 pixels, more than 50 million");
        post("/api/search?k=0", file("picture-00.png")).refused(400, "k=0 is not a number from 1 to 200");
    }

    @Test
    void moreThanTheLargestUploadIsNotRead() throws IOException {
        String head = "POST /api/search HTTP/1.1\nHost: 127.0.0.1:%d\nConnection: close\n";
        send(server, head + "Content-Length: 33554433\n\n", new byte[0]).refused(413, "more than 32 MB");
        send(server, head + "Content-Length: 99999999999999\n\n", new byte[0]).refused(413, "more than 32 MB");
        int chunk = SearchHandler.MOST_UPLOAD + 1;
        ByteArrayOutputStream body = new ByteArrayOutputStream(chunk + 32);
        body.writeBytes((Integer.toHexString(chunk) + "\r\n").getBytes(StandardCharsets.US_ASCII));
        new ByteArrayInputStream(new byte[chunk]).transferTo(body);
        body.writeBytes("\r\n0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        send(server, head + "Transfer-Encoding: chunked\n\n", body.toByteArray())
                .refused(413, "more than 32 MB");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/secret.txt",
                "/../secret.txt",
                "/%2e%2e/secret.txt",
                "/api/images/../../secret.txt",
                "/api/images/0/%2e%2e%2fsecret.txt",
                "/api/images/-1",
                "/api/images/0x1",
                "/api/images/0/thumbnail.jpg/",
                "/api/images/9999999999",
                "/index.html",
                "/SearchHandler.class"
            })
    void nothingElseIsThere(String path) throws IOException {
        get(path).refused(404, "there is no");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/page.css", "/page.js", "/tiles.js", "/picker.js", "/icon.svg"})
    void thePageIsWholeAndNamesNoOtherAddress(String path) throws IOException {
        Reply reply = get(path);
        String body = new String(reply.bytes, StandardCharsets.UTF_8);
        assertEquals(200, reply.status);
        assertTrue(body.length() > 100);
        assertFalse(body.replace("http://www.w3.org/2000/svg", "").contains("://"), "nothing is fetched");
        assertFalse(body.contains("style=") || body.contains("onclick"), "the policy would not let it");
        assertTrue(reply.head.contains("content-security-policy: default-src 'self';"), reply.head);
        assertTrue(reply.head.contains("x-content-type-options: nosniff"), reply.head);
    }

    @ParameterizedTest
    @ValueSource(strings = {"evil.example", "evil.example:%d", "127.0.0.1", "127.0.0.1:1", "127.0.0.1:%d.evil.example"})
    void otherHostsAreTurnedAway(String host) throws IOException {
        send(server, "GET /api/set HTTP/1.1\nHost: " + host + "\nConnection: close\n\n", new byte[0])
                .refused(403, "for its own machine only");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Origin: http://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site"})
    void pagesOfOtherSitesAreTurnedAway(String header) throws IOException {
        String head = "POST /api/search HTTP/1.1\nHost: localhost:%d\nConnection: close\nContent-Length: 0\n";
        send(server, head + header + "\n\n", new byte[0]).refused(403, "other sites");
        send(server, head + "Origin: http://localhost:" + server.address().getPort() + "\n\n", new byte[0])
                .refused(400, "empty");
    }

    @Test
    void onlyTheRightMethodIsAnswered() throws IOException {
        Reply put = send(
                server,
                "PUT /api/set HTTP/1.1\nHost: localhost:%d\nConnection: close\nContent-Length: 0\n\n",
                new byte[0]);
        put.refused(405, "only answers GET");
        assertTrue(put.head.contains("allow: get"), put.head);
        get("/api/search").refused(405, "only answers POST");
    }

    @Test
    void aFullLineIsToldAndTheRestGoesOn() throws Exception {
        byte[] image = file("picture-00.png");
        try (SearchServer narrow = SearchServer.open(setup(0, "index"), "127.0.0.1", 0, Progress.SILENT)) {
            String head = "POST /api/search HTTP/1.1\nHost: 127.0.0.1:%d\nContent-Length: %d\n\n"
                    .formatted(narrow.address().getPort(), image.length);
            Reply busy = null;
            for (int i = 0; i < 100 && (busy == null || busy.status == 200); i++) { // until the slow one comes first
                try (Socket slow = connect(narrow)) {
                    write(slow, head, Arrays.copyOf(image, 10)); // and no more: it has the only place
                    Thread.sleep(10L * i);
                    busy = post(narrow, "/api/search", image);
                    send(
                                    narrow,
                                    "GET /api/images/0/neighbours HTTP/1.1\nHost: 127.0.0.1:%d\nConnection: close\n\n",
                                    new byte[0])
                            .ok();
                }
            }
            busy.refused(503, "too many requests are waiting");
            assertTrue(busy.head.contains("retry-after: 1"), busy.head);
            Reply next = post(narrow, "/api/search", image);
            while (next.status == 503) { // until the server has seen that the other has gone
                next = post(narrow, "/api/search", image);
            }
            next.ok();
        }
    }

    @Test
    void aPortOrAddressThatCannotBeHadIsToldBeforeAnythingIsIndexed() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String line = assertThrows(
                            IllegalArgumentException.class,
                            () -> SearchServer.open(
                                    setup(1, "never"), "127.0.0.1", taken.getLocalPort(), Progress.SILENT))
                    .getMessage();
            assertTrue(line.startsWith("port %d of 127.0.0.1 cannot be had".formatted(taken.getLocalPort())), line);
        }
        assertThrows(
                IllegalArgumentException.class,
                () -> SearchServer.open(setup(1, "never"), "127.0.0.1", 65_536, Progress.SILENT));
        assertThrows(
                IllegalArgumentException.class,
                () -> SearchServer.open(setup(1, "never"), "no.such.host.invalid", 0, Progress.SILENT));
        assertFalse(Files.exists(dir.resolve("never")));
    }

    @Test
    void elsewhereAnyHostNameIsAnswered() throws IOException {
        try (SearchServer open = SearchServer.open(setup(1, "index"), "0.0.0.0", 0, Progress.SILENT)) {
            assertFalse(open.isOfThisMachineOnly());
            assertTrue(server.isOfThisMachineOnly());
            send(open, "GET /api/set HTTP/1.1\nHost: photos.example\nConnection: close\n\n", new byte[0])
                    .ok();
            send(
                            open,
                            "GET /api/set HTTP/1.1\nHost: photos.example\nOrigin: http://evil.example\nConnection: close\n\n",
                            new byte[0])
                    .refused(403, "other sites");
        }
    }
}
