package io.dino4j.train.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.metrics.MetricsLog;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the page answers, word for word on the wire. */
final class LivePageTest {
    private static final int STEPS = 5;

    @TempDir
    private Path dir;

    private LivePage page;

    private record Reply(int status, String head, String body) {
        JsonNode json() throws IOException {
            assertEquals(200, status, body);
            assertTrue(head.contains("content-type: application/json"), head);
            return new ObjectMapper().readTree(body);
        }
    }

    @BeforeEach
    void writeARunAndWatchIt() throws IOException {
        Files.writeString(
                dir.resolve("config.yaml"),
                ConfigLayers.defaults()
                        .overrides(List.of(
                                "optim.epochs=10",
                                "optim.warmup_epochs=1",
                                "train.OFFICIAL_EPOCH_LENGTH=2",
                                "train.batch_size_per_gpu=4"))
                        .resolve()
                        .toYaml());
        Files.writeString(
                dir.resolve("run.json"), "{\"command\":\"dino4j <pretrain>\",\"versions\":{\"java\":\"17\"}}");
        Files.writeString(dir.resolve("knn.json"), "{\"raw_pixels\":{\"20\":0.25},\"0\":{\"20\":0.5}}");
        Files.writeString(dir.resolve("secret.txt"), "secret");
        try (MetricsLog log = MetricsLog.open(dir.resolve("metrics.jsonl"), 0)) {
            for (int i = 0; i < STEPS; i++) {
                log.write(i, Map.of("loss", 10.0 - i, "images_per_second", 8.0));
            }
        }
        page = LivePage.watch(dir, 0);
    }

    @AfterEach
    void close() {
        page.close();
    }

    private Reply send(String request) throws IOException {
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), page.address().getPort())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(request.replace("\n", "\r\n").getBytes(StandardCharsets.ISO_8859_1));
            String all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int end = all.indexOf("\r\n\r\n");
            return new Reply(
                    Integer.parseInt(all.split(" ", 3)[1]),
                    all.substring(0, end).toLowerCase(),
                    all.substring(end + 4));
        }
    }

    private Reply get(String path) throws IOException {
        return send("GET %s HTTP/1.1\nHost: 127.0.0.1:%d\nConnection: close\n\n"
                .formatted(path, page.address().getPort()));
    }

    @Test
    void theRunIsTold() throws IOException {
        JsonNode run = get("/run").json();
        assertEquals(dir.getFileName().toString(), run.path("name").asText());
        assertEquals("dino4j <pretrain>", run.path("command").asText());
        assertEquals("{\"java\":\"17\"}", run.path("versions").toString());
        assertTrue(run.path("config").asText().contains("batch_size_per_gpu: 4"));
        assertEquals(
                "{\"raw_pixels\":{\"20\":0.25},\"0\":{\"20\":0.5}}",
                get("/knn").json().path("knn").toString());
    }

    @Test
    void theStateFollowsTheFiles() throws IOException {
        JsonNode state = get("/state").json();
        assertEquals(STEPS, state.path("step").asInt());
        assertEquals(20, state.path("total").asInt());
        assertEquals("running", state.path("status").asText());
        assertEquals(8, state.path("imagesPerSecond").asDouble());
        assertEquals(8, state.path("secondsLeft").asInt(), "15 steps of 4 images at 8 a second, rounded");
        assertFalse(state.path("pictures").asBoolean());
        assertEquals("{}", get("/crops").json().toString());
        assertEquals("{}", get("/patches").json().toString());
        try (MetricsLog log = MetricsLog.open(dir.resolve("metrics.jsonl"), STEPS)) {
            for (int i = STEPS; i < 20; i++) {
                log.write(i, Map.of("loss", 1.0));
            }
        }
        assertEquals("finished", get("/state").json().path("status").asText());
    }

    @Test
    void metricsAreSentFromAStepOn() throws IOException {
        JsonNode all = get("/metrics?from=0").json();
        assertEquals(
                "[10.0,9.0,8.0,7.0,6.0]",
                all.path("metrics").path("loss").path("mean").toString());
        String generation = all.path("generation").asText();
        JsonNode end = get("/metrics?from=3&generation=" + generation).json();
        assertEquals("[3,4]", end.path("steps").toString());
        Reply wrong = get("/metrics?from=x");
        assertEquals(400, wrong.status);
        assertEquals("from=x is not the number of a step\n", wrong.body);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/page.css", "/page.js", "/chart.js", "/groups.js", "/icon.svg"})
    void thePageIsWholeAndNamesNoOtherAddress(String path) throws IOException {
        Reply reply = get(path);
        assertEquals(200, reply.status);
        assertTrue(reply.body.length() > 100);
        assertFalse(reply.body.replace("http://www.w3.org/2000/svg", "").contains("://"), "nothing is fetched");
        assertTrue(reply.head.contains("content-security-policy: default-src 'self';"), reply.head);
        assertTrue(reply.head.contains("x-content-type-options: nosniff"), reply.head);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/secret.txt",
                "/config.yaml",
                "/../config.yaml",
                "/%2e%2e/config.yaml",
                "//page.js",
                "/page.js/",
                "/index.html",
                "/LivePage.class"
            })
    void nothingElseIsThere(String path) throws IOException {
        Reply reply = get(path);
        assertEquals(404, reply.status, reply.body);
        assertFalse(reply.body.contains("secret"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"evil.example", "evil.example:%d", "127.0.0.1", "127.0.0.1:1", "127.0.0.1:%d.evil.example"})
    void otherHostsAreTurnedAway(String host) throws IOException {
        Reply reply = send("GET /state HTTP/1.1\nHost: %s\nConnection: close\n\n"
                .formatted(host.formatted(page.address().getPort())));
        assertEquals(403, reply.status, reply.body);
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "DELETE", "OPTIONS"})
    void onlyGetIsAnswered(String method) throws IOException {
        Reply reply = send("%s /state HTTP/1.1\nHost: localhost:%d\nConnection: close\nContent-Length: 0\n\n"
                .formatted(method, page.address().getPort()));
        assertEquals(405, reply.status, reply.body);
        assertTrue(reply.head.contains("allow: get"), reply.head);
    }

    @Test
    void aDamagedFileIsToldAndTheOthersAreStillServed() throws IOException {
        Files.writeString(dir.resolve("knn.json"), "{\"0\":");
        assertEquals(500, get("/knn").status);
        assertEquals(STEPS, get("/state").json().path("step").asInt());
    }

    @Test
    void aPortThatIsTakenIsToldInOneLine() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String message = assertThrows(
                            IllegalArgumentException.class, () -> LivePage.watch(dir, taken.getLocalPort()))
                    .getMessage();
            assertTrue(message.startsWith("port %d cannot be had".formatted(taken.getLocalPort())), message);
            assertEquals(1, message.lines().count());
        }
        assertThrows(IllegalArgumentException.class, () -> LivePage.watch(dir, 65_536));
    }

    @Test
    void aClosedPageIsGone() throws IOException {
        get("/state").json();
        page.close();
        assertThrows(ConnectException.class, () -> get("/state"));
    }
}
