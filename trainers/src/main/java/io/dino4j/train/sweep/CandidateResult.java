package io.dino4j.train.sweep;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;

/**
 * What came of a candidate.
 *
 * @param index of the candidate
 * @param assignments what was searched, {@code key=value} each
 * @param status how it ended
 * @param steps steps it trained
 * @param seconds it took, since it was last gone on with
 * @param curve k-NN accuracy (k = 20), 0 to 1, by step
 * @param note why it was stopped or failed; empty if it did neither
 */
public record CandidateResult(
        int index,
        List<String> assignments,
        Status status,
        long steps,
        double seconds,
        NavigableMap<Long, Double> curve,
        String note) {
    static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /** How a candidate ended. */
    public enum Status {
        /** It trained as long as it was to. */
        FINISHED,
        /** It was worse than others, or out of time. */
        STOPPED,
        /** It could not be trained. */
        FAILED;

        /** In lower case. */
        String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Keeps copies. */
    public CandidateResult {
        assignments = List.copyOf(assignments);
        curve = new TreeMap<>(curve);
    }

    /** The last accuracy, 0 to 1; empty if it failed or none was measured after training. */
    public OptionalDouble score() {
        return status == Status.FAILED || curve.isEmpty() || curve.lastKey() == 0
                ? OptionalDouble.empty()
                : OptionalDouble.of(curve.lastEntry().getValue());
    }

    /** The value of a key that was searched. */
    public String value(String key) {
        return assignments.stream()
                .filter(a -> a.startsWith(key + "="))
                .map(a -> a.substring(key.length() + 1))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(key + " was not searched"));
    }

    ObjectNode json() {
        ObjectNode node = JSON.createObjectNode();
        node.put("candidate", index);
        node.put("status", status.text());
        score().ifPresent(s -> node.put("knn", s));
        node.put("steps", steps);
        node.put("seconds", Math.round(seconds * 10) / 10.0);
        node.put("note", note);
        ObjectNode values = node.putObject("values");
        for (String assignment : assignments) {
            int equals = assignment.indexOf('=');
            values.put(assignment.substring(0, equals), assignment.substring(equals + 1));
        }
        ObjectNode points = node.putObject("curve");
        curve.forEach((step, accuracy) -> points.put(Long.toString(step), accuracy));
        return node;
    }

    /**
     * Reads {@link #json()} back.
     *
     * @throws IOException if it is something else
     */
    static CandidateResult parse(String text) throws IOException {
        try {
            JsonNode node = JSON.readTree(text);
            List<String> assignments = new ArrayList<>();
            node.required("values")
                    .properties()
                    .forEach(
                            v -> assignments.add(v.getKey() + "=" + v.getValue().asText()));
            TreeMap<Long, Double> curve = new TreeMap<>();
            node.required("curve")
                    .properties()
                    .forEach(p ->
                            curve.put(Long.parseLong(p.getKey()), p.getValue().asDouble()));
            return new CandidateResult(
                    node.required("candidate").asInt(),
                    assignments,
                    Status.valueOf(node.required("status").asText().toUpperCase(Locale.ROOT)),
                    node.required("steps").asLong(),
                    node.required("seconds").asDouble(),
                    curve,
                    node.required("note").asText());
        } catch (JsonProcessingException | IllegalArgumentException e) {
            throw new IOException(Optional.ofNullable(e.getMessage())
                    .flatMap(m -> m.lines().findFirst())
                    .orElse("is no result"));
        }
    }
}
