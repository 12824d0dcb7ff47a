package io.dino4j.train.live;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Answers requests. Only the paths that are listed here exist; no part of a request becomes a file name. A request that names another
 * host than this machine is turned away: it comes from a page of the web whose name was pointed at this machine (DNS rebinding).
 */
final class PageHandler implements HttpHandler {
    private static final JsonFactory JSON = new ObjectMapper().getFactory();

    /** The files of the page, by path. */
    private static final Map<String, Asset> ASSETS = Map.of(
            "/", new Asset("index.html", "text/html; charset=utf-8"),
            "/page.css", new Asset("page.css", "text/css; charset=utf-8"),
            "/page.js", new Asset("page.js", "text/javascript; charset=utf-8"),
            "/chart.js", new Asset("chart.js", "text/javascript; charset=utf-8"),
            "/groups.js", new Asset("groups.js", "text/javascript; charset=utf-8"),
            "/icon.svg", new Asset("icon.svg", "image/svg+xml"));

    private static final Map<String, String> SECURITY = Map.of(
            "Content-Security-Policy",
            "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "X-Content-Type-Options",
            "nosniff",
            "Cross-Origin-Resource-Policy",
            "same-origin",
            "Referrer-Policy",
            "no-referrer",
            "Cache-Control",
            "no-store");

    private final Map<String, Answer> answers;
    private final Set<String> hosts;

    private record Asset(String resource, String type) {}

    private record Reply(int status, String type, byte[] body) {
        static Reply text(int status, String text) {
            return new Reply(status, "text/plain; charset=utf-8", (text + "\n").getBytes(StandardCharsets.UTF_8));
        }
    }

    /** Writes the fields of an object. */
    private interface Answer {
        void write(JsonGenerator json, Map<String, String> query) throws IOException;
    }

    PageHandler(RunView run, int port) {
        hosts = Set.of("127.0.0.1:" + port, "localhost:" + port);
        answers = Map.of(
                "/run", (json, query) -> run.run(json),
                "/state", (json, query) -> run.state(json),
                "/metrics",
                        (json, query) -> run.metrics(
                                json, query.getOrDefault("generation", ""), step(query.getOrDefault("from", "0"))),
                "/knn", (json, query) -> run.knn(json),
                "/crops", (json, query) -> run.crops(json),
                "/patches", (json, query) -> run.patches(json));
    }

    private static long step(String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("from=%s is not the number of a step".formatted(text));
        }
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            Reply reply = reply(exchange);
            Headers headers = exchange.getResponseHeaders();
            SECURITY.forEach(headers::set);
            headers.set("Content-Type", reply.type);
            if (reply.status == 405) {
                headers.set("Allow", "GET");
            }
            exchange.sendResponseHeaders(reply.status, reply.body.length);
            exchange.getResponseBody().write(reply.body);
        }
    }

    private Reply reply(HttpExchange exchange) {
        List<String> host = exchange.getRequestHeaders().getOrDefault("Host", List.of());
        if (host.size() != 1 || !hosts.contains(host.get(0))) {
            return Reply.text(403, "this page is for this machine only");
        }
        if (!exchange.getRequestMethod().equals("GET")) {
            return Reply.text(405, "this page only answers GET");
        }
        String path = exchange.getRequestURI().getRawPath();
        try {
            if (ASSETS.containsKey(path)) {
                return asset(ASSETS.get(path));
            }
            if (answers.containsKey(path)) {
                return json(answers.get(path), query(exchange.getRequestURI().getQuery()));
            }
            return Reply.text(404, "there is no such page");
        } catch (IllegalArgumentException e) {
            return Reply.text(400, String.valueOf(e.getMessage()));
        } catch (IOException | RuntimeException e) { // the run goes on, whatever is wrong with a file
            return Reply.text(500, String.valueOf(e.getMessage()));
        }
    }

    private static Reply asset(Asset asset) throws IOException {
        try (InputStream in = PageHandler.class.getResourceAsStream(asset.resource)) {
            return new Reply(200, asset.type, in.readAllBytes());
        }
    }

    private static Reply json(Answer answer, Map<String, String> query) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(body)) {
            json.writeStartObject();
            answer.write(json, query);
            json.writeEndObject();
        }
        return new Reply(200, "application/json", body.toByteArray());
    }

    private static Map<String, String> query(String text) {
        Map<String, String> query = new HashMap<>();
        for (String part : text == null ? new String[0] : text.split("&")) {
            String[] pair = part.split("=", 2);
            query.put(pair[0], pair.length == 2 ? pair[1] : "");
        }
        return query;
    }
}
