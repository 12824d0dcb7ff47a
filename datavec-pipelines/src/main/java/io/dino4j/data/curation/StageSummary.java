package io.dino4j.data.curation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.dino4j.data.file.Durable;
import io.dino4j.data.page.Page;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * What has come of a stage, in {@code summary.json} of its folder.
 *
 * @param stage its name
 * @param in images that came in
 * @param out images that are left, or taken
 * @param values further numbers and texts by name, in order
 */
public record StageSummary(String stage, long in, long out, Map<String, Object> values) {
    static final String ADDED = "added";

    private static final String FILE = "summary.json";
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /** Returns the images of the result that are not among those that went in: curated ones beside what was retrieved for them. */
    public long added() {
        return values.get(ADDED) instanceof Number n ? n.longValue() : 0;
    }

    /** Returns the images that went in and are not in the result. */
    public long leftOut() {
        return in - (out - added());
    }

    /** Returns all of it as JSON, on several lines. */
    public String json() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("stage", stage);
        all.put("in", in);
        all.put("out", out);
        all.putAll(values);
        try {
            return JSON.writeValueAsString(all);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e); // numbers and texts
        }
    }

    /** Adds a table of the numbers to a page. */
    void addTo(Page page) {
        page.html("<table class=\"facts\">");
        values.forEach((name, value) -> page.html("<tr><td>%s</td><td>%s</td></tr>\n"
                .formatted(Page.escape(name.replace('_', ' ')), Page.escape(text(value)))));
        page.html("</table>\n");
    }

    private static String text(Object value) {
        return value instanceof Double d ? String.format(Locale.ROOT, "%.4g", d) : String.valueOf(value);
    }

    void write(Path folder) throws IOException {
        Durable.write(folder.resolve(FILE), json() + "\n");
    }

    /**
     * The summary of a finished stage.
     *
     * @param folder that it has made
     * @throws IOException if it is missing or damaged
     */
    public static StageSummary of(Path folder) throws IOException {
        Path file = folder.resolve(FILE);
        try {
            Map<String, Object> all =
                    JSON.readValue(Files.readString(file), new TypeReference<LinkedHashMap<String, Object>>() {});
            if (all.get("stage") instanceof String stage
                    && all.get("in") instanceof Number in
                    && all.get("out") instanceof Number out) {
                all.keySet().removeAll(Set.of("stage", "in", "out"));
                return new StageSummary(stage, in.longValue(), out.longValue(), all);
            }
            throw new IOException("%s: lacks stage, in or out; make the folder again".formatted(file));
        } catch (JsonProcessingException e) {
            throw new IOException(
                    "%s: is damaged: %s; make the folder again".formatted(file, e.getOriginalMessage()), e);
        }
    }
}
