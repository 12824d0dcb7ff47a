package io.dino4j.cli;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.opentest4j.TestAbortedException;

/** A headless Chromium with one page, driven by its DevTools protocol. It notes what the page complains of and asks for. */
final class Chromium implements AutoCloseable {
    private static final List<String> NAMES =
            List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome");

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long PATIENCE_SECONDS = 90;
    private static final long POLL_MS = 100;

    private final Process process;
    private final WebSocket socket;
    private final Listener listener;
    private int calls;

    private Chromium(Process process, WebSocket socket, Listener listener) {
        this.process = process;
        this.socket = socket;
        this.listener = listener;
    }

    /** Starts a browser; where there is none, the test that asks is reported as skipped, with the reason. */
    static Chromium start(Path folder) throws Exception {
        Path program = find().orElseThrow(() -> {
            String message = "browser test SKIPPED: none of %s is on the PATH".formatted(NAMES);
            System.err.println(message); // Surefire does not name the reason
            return new TestAbortedException(message);
        });
        Files.createDirectories(folder);
        Process process = new ProcessBuilder(
                        program.toString(),
                        "--headless",
                        "--no-sandbox", // which Chromium has not for root; it only ever sees this project's page
                        "--disable-gpu",
                        "--disable-dev-shm-usage",
                        "--no-first-run",
                        "--remote-debugging-port=0",
                        "--window-size=1280,900",
                        "--user-data-dir=" + folder.resolve("profile"),
                        "about:blank")
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("chromium.log").toFile())
                .start();
        try {
            HttpClient http = HttpClient.newHttpClient();
            Listener listener = new Listener();
            WebSocket socket = http.newWebSocketBuilder()
                    .buildAsync(page(http, process, folder), listener)
                    .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            Chromium browser = new Chromium(process, socket, listener);
            for (String domain : List.of("Runtime", "Log", "Network", "Page")) {
                browser.call(domain + ".enable", JSON.createObjectNode());
            }
            return browser;
        } catch (Exception | AssertionError e) {
            end(process);
            throw e;
        }
    }

    private static Optional<Path> find() {
        String named = System.getProperty("dino4j.chromium", "");
        if (!named.isBlank()) {
            return Optional.of(Path.of(named));
        }
        return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .flatMap(dir -> NAMES.stream().map(name -> Path.of(dir, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** The address of the one page's protocol; the browser writes its port to a file. */
    private static URI page(HttpClient http, Process process, Path folder) throws Exception {
        Path port = folder.resolve("profile/DevToolsActivePort");
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (true) {
            assertTrue(process.isAlive() && System.nanoTime() < end, () -> "no browser: " + log(folder));
            if (Files.exists(port) && Files.readAllLines(port).size() > 1) {
                URI list = URI.create("http://127.0.0.1:%s/json/list"
                        .formatted(Files.readAllLines(port).get(0)));
                String text = http.send(HttpRequest.newBuilder(list).build(), HttpResponse.BodyHandlers.ofString())
                        .body();
                for (JsonNode target : JSON.readTree(text)) {
                    if (target.path("type").asText().equals("page")) {
                        return URI.create(target.path("webSocketDebuggerUrl").asText());
                    }
                }
            }
            Thread.sleep(POLL_MS);
        }
    }

    private static String log(Path folder) {
        try {
            return Files.readString(folder.resolve("chromium.log"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    private JsonNode call(String method, ObjectNode params) throws Exception {
        int id = ++calls;
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        listener.answers.put(id, answer);
        ObjectNode message = JSON.createObjectNode().put("id", id).put("method", method);
        message.set("params", params);
        socket.sendText(message.toString(), true).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        JsonNode got = answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertFalse(got.has("error"), () -> method + ": " + got);
        return got.path("result");
    }

    void open(URI address) throws Exception {
        call("Page.navigate", JSON.createObjectNode().put("url", address.toString()));
    }

    /** The value of an expression in the page, as JSON. */
    JsonNode value(String script) throws Exception {
        JsonNode result = call(
                "Runtime.evaluate",
                JSON.createObjectNode().put("expression", script).put("returnByValue", true));
        assertFalse(result.has("exceptionDetails"), () -> script + ": " + result);
        return result.path("result").path("value");
    }

    /** Waits until an expression is true in the page. */
    void await(String what, String condition) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!value(condition).asBoolean()) {
            assertTrue(System.nanoTime() < end, "waited in vain for " + what + "; complaints: " + complaints());
            Thread.sleep(POLL_MS);
        }
    }

    /** Presses and releases a key, such as {@code ArrowLeft}. */
    void press(String key) throws Exception {
        for (String type : List.of("keyDown", "keyUp")) {
            call(
                    "Input.dispatchKeyEvent",
                    JSON.createObjectNode().put("type", type).put("key", key).put("code", key));
        }
    }

    /** Errors and warnings of the page's console, and exceptions of its scripts. */
    List<String> complaints() {
        return List.copyOf(listener.complaints);
    }

    /** The addresses that the page has asked for. */
    List<URI> requests() {
        return List.copyOf(listener.requests);
    }

    @Override
    public void close() {
        socket.abort();
        end(process);
    }

    /** Chromium is several processes; all have to be gone before their folder can be removed. */
    private static void end(Process process) {
        List<ProcessHandle> all = Stream.concat(process.descendants(), Stream.of(process.toHandle()))
                .toList();
        all.forEach(ProcessHandle::destroyForcibly);
        for (ProcessHandle handle : all) {
            handle.onExit()
                    .completeOnTimeout(handle, PATIENCE_SECONDS, TimeUnit.SECONDS)
                    .join();
        }
    }

    private static final class Listener implements WebSocket.Listener {
        private final Map<Integer, CompletableFuture<JsonNode>> answers = new ConcurrentHashMap<>();
        private final List<String> complaints = new CopyOnWriteArrayList<>();
        private final List<URI> requests = new CopyOnWriteArrayList<>();
        private final StringBuilder text = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
            text.append(part);
            if (last) {
                try {
                    message(JSON.readTree(text.toString()));
                } catch (IOException e) {
                    complaints.add(e.toString());
                }
                text.setLength(0);
            }
            socket.request(1);
            return null;
        }

        private void message(JsonNode message) {
            JsonNode params = message.path("params");
            switch (message.path("method").asText()) {
                case "" -> answers.remove(message.path("id").asInt()).complete(message);
                case "Runtime.exceptionThrown" -> complaints.add(params.toString());
                case "Runtime.consoleAPICalled" -> complain(params, params.path("type"));
                case "Log.entryAdded" -> complain(params, params.path("entry").path("level"));
                case "Network.requestWillBeSent" -> requests.add(
                        URI.create(params.path("request").path("url").asText()));
                default -> {
                    // of no concern
                }
            }
        }

        private void complain(JsonNode params, JsonNode level) {
            if (List.of("error", "warning").contains(level.asText())) {
                complaints.add(params.toString());
            }
        }
    }
}
