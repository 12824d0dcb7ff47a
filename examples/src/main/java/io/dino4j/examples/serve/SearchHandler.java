package io.dino4j.examples.serve;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageEncoder;
import io.dino4j.data.image.ImageHeader;
import io.dino4j.data.image.UnreadableImageException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Answers requests. Only the paths that are listed here exist; of a path nothing but numbers is read, and they never become the name of a file.
 * Every refusal is one line of JSON.
 */
final class SearchHandler implements HttpHandler {
    /** Bytes of an image that is sent, at most. */
    static final int MOST_UPLOAD = 32 << 20;

    /** Pixels of an image that is sent, at most: 150 MB decoded, and one is decoded at a time. */
    static final long MOST_PIXELS = 50_000_000;

    /** Images in an answer, at most. */
    private static final int MOST_RESULTS = 200;

    private static final int USUAL_RESULTS = 24;
    private static final int USUAL_PAGE = 60;
    private static final int BAD_REQUEST = 400;
    private static final int NOT_FOUND = 404;
    private static final int WRONG_METHOD = 405;
    private static final int GONE = 410;
    private static final int TOO_LARGE = 413;
    private static final int FAILED = 500;
    private static final int BUSY = 503;

    /** Requests for pictures that are decoded: so many at a time, and so many more wait. */
    private static final int DECODING = 2;

    private static final int DECODING_WAITING = 64;

    private static final String JPEG = "image/jpeg";
    private static final String PNG = "image/png";
    private static final String KEPT = "private, max-age=86400, immutable"; // the address changes with the image

    private static final ObjectMapper JSON = new ObjectMapper();

    private final ImageSearch search;
    private final Answers answers;
    private final Guard guard;
    private final Turns network;
    private final Turns decoding = new Turns(DECODING, DECODING_WAITING);
    private final List<Route> routes;

    private record Route(String method, Pattern path, Action action) {}

    private record Request(HttpExchange exchange, Matcher path, Map<String, String> query) {
        int number(int group) throws Refusal {
            try {
                return Integer.parseInt(path.group(group));
            } catch (NumberFormatException e) {
                throw new Refusal(NOT_FOUND, "there is no number " + path.group(group) + " of anything here");
            }
        }

        /** A number of the query; what is beyond the largest is cut down to it. */
        int number(String name, int usual, int least, int most) throws Refusal {
            String text = query.getOrDefault(name, "");
            try {
                int value = text.isEmpty() ? usual : Integer.parseInt(text);
                if (value >= least) {
                    return Math.min(most, value);
                }
            } catch (NumberFormatException e) {
                // told below
            }
            throw new Refusal(BAD_REQUEST, "%s=%s is not a number from %d to %d".formatted(name, text, least, most));
        }

        int k() throws Refusal {
            return number("k", USUAL_RESULTS, 1, MOST_RESULTS);
        }
    }

    private record Reply(int status, String type, String caching, byte[] body) {
        static Reply of(Object value) throws IOException {
            return new Reply(200, "application/json", "no-store", JSON.writeValueAsBytes(value));
        }

        static Reply error(int status, String line) throws IOException {
            byte[] body = JSON.writeValueAsBytes(Map.of("error", line));
            return new Reply(status, "application/json", "no-store", body);
        }
    }

    @FunctionalInterface
    private interface Action {
        Reply answer(Request request) throws IOException, Refusal;
    }

    /**
     * A handler.
     *
     * @param waiting searches that may wait while one is under way
     */
    SearchHandler(ImageSearch search, CopyGroups copies, String name, Guard guard, int waiting) {
        this.search = search;
        this.guard = guard;
        answers = new Answers(search, copies, name);
        network = new Turns(1, waiting);
        String image = "/api/images/(\\d{1,10})";
        String patch = "/patches/(\\d{1,6})/(\\d{1,6})";
        routes = List.of(
                get("/", r -> asset("index.html", "text/html; charset=utf-8")),
                get("/page\\.css", r -> asset("page.css", "text/css; charset=utf-8")),
                get("/(page|tiles|picker)\\.js", r -> asset(r.path.group(1) + ".js", "text/javascript; charset=utf-8")),
                get("/icon\\.svg", r -> asset("icon.svg", "image/svg+xml")),
                get("/api/set", r -> Reply.of(answers.set())),
                get("/api/images", this::images),
                get(image, r -> Reply.of(answers.image(image(r)))),
                get(image + "/neighbours", r -> Reply.of(answers.neighbours(image(r), r.k()))),
                get(image + patch, this::patches),
                get(
                        image + "/thumbnail\\.jpg",
                        r -> picture(JPEG, search.index().thumbnail(image(r)))),
                get(image + "/picture\\.jpg", this::picture),
                get(image + "/pca\\.png", this::colors),
                get("/api/duplicates", r -> Reply.of(answers.duplicates())),
                post("/api/search", this::upload),
                post("/api/search" + patch, this::uploadPatches),
                post("/api/search/pca\\.png", this::uploadColors));
    }

    private static Route get(String path, Action action) {
        return new Route("GET", Pattern.compile(path), action);
    }

    private static Route post(String path, Action action) {
        return new Route("POST", Pattern.compile(path), action);
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            Reply reply = reply(exchange);
            Headers headers = exchange.getResponseHeaders();
            Guard.HEADERS.forEach(headers::set);
            headers.set("Content-Type", reply.type);
            headers.set("Cache-Control", reply.caching);
            if (reply.status == BUSY) {
                headers.set("Retry-After", "1");
            }
            if (reply.status == TOO_LARGE) {
                headers.set("Connection", "close"); // the rest of it is not read
            }
            exchange.sendResponseHeaders(reply.status, reply.body.length);
            exchange.getResponseBody().write(reply.body);
        }
    }

    private Reply reply(HttpExchange exchange) throws IOException {
        try {
            guard.check(exchange.getRequestHeaders());
            return route(exchange);
        } catch (Refusal e) {
            return Reply.error(e.status(), e.getMessage());
        } catch (UnreadableImageException e) { // of the set: it was readable when it was indexed
            return Reply.error(GONE, "the image cannot be read any more: " + e.reason());
        } catch (IllegalArgumentException e) {
            return Reply.error(BAD_REQUEST, String.valueOf(e.getMessage()));
        } catch (IOException | RuntimeException | OutOfMemoryError e) { // one request must not end the server
            return Reply.error(FAILED, "the server failed: " + e.getClass().getSimpleName());
        }
    }

    private Reply route(HttpExchange exchange) throws IOException, Refusal {
        String path = exchange.getRequestURI().getRawPath();
        Optional<String> other = Optional.empty();
        for (Route route : routes) {
            Matcher matcher = route.path.matcher(path);
            if (matcher.matches()) {
                if (route.method.equals(exchange.getRequestMethod())) {
                    Map<String, String> query = query(exchange.getRequestURI().getRawQuery());
                    return route.action.answer(new Request(exchange, matcher, query));
                }
                other = Optional.of(route.method);
            }
        }
        if (other.isPresent()) {
            exchange.getResponseHeaders().set("Allow", other.get());
            throw new Refusal(WRONG_METHOD, "this address only answers " + other.get());
        }
        throw new Refusal(NOT_FOUND, "there is nothing at this address");
    }

    private static Map<String, String> query(String text) {
        Map<String, String> query = new HashMap<>();
        for (String part : text == null ? new String[0] : text.split("&")) {
            String[] pair = part.split("=", 2);
            query.put(pair[0], pair.length == 2 ? URLDecoder.decode(pair[1], StandardCharsets.UTF_8) : "");
        }
        return query;
    }

    private static Reply asset(String name, String type) throws IOException {
        try (InputStream in = SearchHandler.class.getResourceAsStream(name)) {
            return new Reply(200, type, "no-store", in.readAllBytes());
        }
    }

    private int image(Request request) throws Refusal {
        int image = request.number(1);
        if (image >= search.index().size()) {
            throw new Refusal(
                    NOT_FOUND,
                    "there is no image %d; the set has %d, counted from 0"
                            .formatted(image, search.index().size()));
        }
        return image;
    }

    private Reply images(Request request) throws IOException, Refusal {
        int from = request.number("from", 0, 0, Integer.MAX_VALUE);
        int count = request.number("count", USUAL_PAGE, 1, MOST_RESULTS);
        return Reply.of(answers.images(from, count, request.query.getOrDefault("q", "")));
    }

    private Reply patches(Request request) throws IOException, Refusal {
        int image = image(request);
        int k = request.k();
        return Reply.of(network.<Object, IOException>take(
                () -> answers.patches(image, request.number(2), request.number(3), k)));
    }

    private static Reply picture(String type, byte[] file) {
        return new Reply(200, type, KEPT, file);
    }

    private Reply picture(Request request) throws IOException, Refusal {
        int image = image(request);
        return picture(JPEG, decoding.<byte[], IOException>take(() -> ImageEncoder.jpeg(search.picture(image))));
    }

    private Reply colors(Request request) throws IOException, Refusal {
        int image = image(request);
        answers.requirePatches();
        Image colors = search.index().hasPatches(image)
                ? decoding.<Image, IOException>take(() -> search.colors(search.features(image)))
                : network.<Image, IOException>take(() -> search.colors(search.features(image)));
        return picture(PNG, ImageEncoder.png(colors));
    }

    private Reply upload(Request request) throws IOException, Refusal {
        int k = request.k();
        return withUpload(request, seen -> Reply.of(answers.neighbours(seen, k)));
    }

    private Reply uploadPatches(Request request) throws IOException, Refusal {
        int k = request.k();
        return withUpload(request, seen -> Reply.of(answers.patches(seen, request.number(1), request.number(2), k)));
    }

    private Reply uploadColors(Request request) throws IOException, Refusal {
        answers.requirePatches();
        return withUpload(request, seen -> {
            Image colors = search.colors(search.network().features(seen));
            return new Reply(200, PNG, "no-store", ImageEncoder.png(colors));
        });
    }

    @FunctionalInterface
    private interface Use {
        Reply of(SearchNetwork.Seen seen) throws IOException, Refusal;
    }

    /** Reads the image that was sent; no more of them are in memory than may wait in line, and one is decoded at a time. */
    private Reply withUpload(Request request, Use use) throws IOException, Refusal {
        try (Turns.Place place = network.enter()) {
            byte[] file = body(request.exchange);
            return place.<Reply, IOException>work(() -> use.of(seen(file)));
        }
    }

    private static byte[] body(HttpExchange exchange) throws IOException, Refusal {
        String length = exchange.getRequestHeaders().getFirst("Content-Length");
        boolean tooLong =
                length != null && length.length() > 9 || length != null && Long.parseLong(length) > MOST_UPLOAD;
        byte[] body = tooLong ? new byte[0] : exchange.getRequestBody().readNBytes(MOST_UPLOAD + 1);
        if (tooLong || body.length > MOST_UPLOAD) {
            throw new Refusal(TOO_LARGE, "the image has more than %d MB".formatted(MOST_UPLOAD >> 20));
        }
        return body;
    }

    private SearchNetwork.Seen seen(byte[] file) throws Refusal {
        try {
            ImageHeader header = ImageHeader.of(file, "the image");
            if ((long) header.width() * header.height() > MOST_PIXELS) {
                throw new Refusal(
                        TOO_LARGE,
                        "the image has %d x %d pixels, more than %d million"
                                .formatted(header.width(), header.height(), MOST_PIXELS / 1_000_000));
            }
            return search.network().see(file, "the image");
        } catch (UnreadableImageException e) {
            throw new Refusal(BAD_REQUEST, e.getMessage());
        }
    }
}
