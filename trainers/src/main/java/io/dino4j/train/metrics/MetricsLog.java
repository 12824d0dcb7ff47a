package io.dino4j.train.metrics;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * {@code metrics.jsonl}: one record a line, {@code {"step":12,"lr":0.001,...}}, handed to the operating system as it is
 * written. A resumed run drops what lies after the step it resumes from, so that no step is there twice. Values that are
 * not finite are written as texts, which JSON has no numbers for.
 */
public final class MetricsLog implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * One line.
     *
     * @param step its step
     * @param values numbers by name, in the order of the line
     */
    public record Record(long step, Map<String, Double> values) {}

    private final FileChannel channel;
    private final Path file;

    private MetricsLog(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Opens a log to go on with.
     *
     * @param file made if it does not exist
     * @param nextStep first step that will be written; records of it and of later steps are dropped, as is a line that was
     *     cut short. 0 starts anew
     * @throws IOException if it cannot be read or written
     */
    public static MetricsLog open(Path file, long nextStep) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        channel.truncate(nextStep == 0 ? 0 : bytesBefore(file, nextStep));
        channel.position(channel.size());
        return new MetricsLog(file, channel);
    }

    private static long bytesBefore(Path file, long nextStep) throws IOException {
        long good = 0;
        long at = 0;
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            for (int b = in.read(); b >= 0; b = in.read()) {
                at++;
                if (b != '\n') {
                    line.write(b);
                    continue;
                }
                long step = step(line.toByteArray());
                if (step < 0 || step >= nextStep) {
                    return good;
                }
                good = at;
                line.reset();
            }
        }
        return good;
    }

    private static long step(byte[] line) throws IOException {
        try {
            JsonNode step = JSON.readTree(line).path("step");
            return step.isIntegralNumber() ? step.longValue() : -1;
        } catch (JsonProcessingException e) {
            return -1;
        }
    }

    /**
     * Appends a record.
     *
     * @param step its step
     * @param values numbers by name; {@code step} is not one of them
     * @throws UncheckedIOException if it cannot be written
     */
    public void write(long step, Map<String, Double> values) {
        ObjectNode node = JSON.createObjectNode();
        node.put("step", step);
        values.forEach(node::put);
        try {
            byte[] json = JSON.writeValueAsBytes(node);
            ByteBuffer line = ByteBuffer.allocate(json.length + 1)
                    .put(json)
                    .put((byte) '\n')
                    .flip();
            while (line.hasRemaining()) {
                channel.write(line);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("%s: cannot be written: %s".formatted(file, e), e);
        }
    }

    /**
     * Reads a log; a last line that was cut short is left out.
     *
     * @throws IOException if it cannot be read
     */
    public static List<Record> read(Path file) throws IOException {
        List<Record> records = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            Optional<Record> record = parse(line);
            if (record.isEmpty()) {
                break;
            }
            records.add(record.get());
        }
        return records;
    }

    /** What a line says; empty if it was cut short. */
    public static Optional<Record> parse(String line) {
        JsonNode node;
        try {
            node = JSON.readTree(line);
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
        Map<String, Double> values = new LinkedHashMap<>();
        node.properties().forEach(p -> values.put(p.getKey(), p.getValue().asDouble(notFinite(p.getValue()))));
        values.remove("step");
        return Optional.of(new Record(node.path("step").asLong(), values));
    }

    private static double notFinite(JsonNode value) {
        return switch (value.asText()) {
            case "Infinity" -> Double.POSITIVE_INFINITY;
            case "-Infinity" -> Double.NEGATIVE_INFINITY;
            default -> Double.NaN;
        };
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException("%s: cannot be closed: %s".formatted(file, e), e);
        }
    }
}
