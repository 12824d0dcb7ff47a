package io.dino4j.train.live;

import com.fasterxml.jackson.core.JsonGenerator;
import io.dino4j.train.metrics.MetricsLog;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * Follows {@code metrics.jsonl} while a run writes it: each call reads the lines that are new. A run that was gone on with, or that went
 * back, has cut its file and written other lines; then everything is read again.
 */
final class MetricsTail {
    private static final int CHUNK = 1 << 20;

    /** Weight of the newest step in the mean speed. */
    private static final double NEWEST = 0.05;

    private final Path file;
    private MetricBuckets buckets = new MetricBuckets();
    private Optional<MetricsLog.Record> latest = Optional.empty();
    private double imagesPerSecond = Double.NaN;
    private byte[] lastLine = {};
    private long read;
    private long reloads;

    MetricsTail(Path file) {
        this.file = file;
    }

    /**
     * Where the run stands.
     *
     * @param step steps done
     * @param imagesPerSecond mean over the last steps, NaN if not known
     */
    record Position(long step, double imagesPerSecond) {}

    /** Where the run stands by now. */
    synchronized Position position() throws IOException {
        refresh();
        return new Position(latest.map(r -> r.step() + 1).orElse(0L), imagesPerSecond);
    }

    /**
     * Writes fields: {@code generation}, {@code width} (steps in a bucket), {@code next} (what to ask for next time), and the buckets.
     *
     * @param generation of the buckets that the asker has; if it is another one by now, it is sent all
     * @param from first step to send
     */
    synchronized void write(JsonGenerator json, String generation, long from) throws IOException {
        refresh();
        String now = reloads + "-" + buckets.width();
        json.writeStringField("generation", now);
        json.writeNumberField("width", buckets.width());
        json.writeNumberField("next", buckets.last());
        long first = generation.equals(now) ? from : 0;
        json.writeNumberField("from", first);
        buckets.write(json, first);
    }

    private void refresh() throws IOException {
        if (!Files.exists(file)) {
            return;
        }
        try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
            if (!endsAsBefore(in)) {
                buckets = new MetricBuckets();
                latest = Optional.empty();
                imagesPerSecond = Double.NaN;
                lastLine = new byte[0];
                read = 0;
                reloads++;
            }
            in.seek(read);
            readLines(in);
        }
    }

    /** True if the last line that was read is still where it was. */
    private boolean endsAsBefore(RandomAccessFile in) throws IOException {
        if (in.length() < read) {
            return false;
        }
        byte[] there = new byte[lastLine.length];
        in.seek(read - there.length);
        in.readFully(there);
        return Arrays.equals(there, lastLine);
    }

    private void readLines(RandomAccessFile in) throws IOException {
        byte[] buffer = new byte[CHUNK];
        int held = 0; // bytes of a line whose end has not been read yet
        for (int n = in.read(buffer); n > 0; n = in.read(buffer, held, buffer.length - held)) {
            int end = held + n;
            int start = 0;
            for (int i = held; i < end; i++) {
                if (buffer[i] == '\n') {
                    line(Arrays.copyOfRange(buffer, start, i + 1));
                    start = i + 1;
                }
            }
            held = end - start;
            if (held == buffer.length) {
                throw new IOException("%s: a line of more than %d bytes is no record".formatted(file, CHUNK));
            }
            System.arraycopy(buffer, start, buffer, 0, held);
        }
    }

    private void line(byte[] bytes) {
        read += bytes.length;
        lastLine = bytes;
        MetricsLog.parse(new String(bytes, StandardCharsets.UTF_8))
                .filter(r -> r.step() >= 0)
                .ifPresent(record -> {
                    buckets.add(record);
                    latest = Optional.of(record);
                    double speed = record.values().getOrDefault("images_per_second", Double.NaN);
                    if (Double.isFinite(speed)) {
                        imagesPerSecond =
                                Double.isNaN(imagesPerSecond) ? speed : (1 - NEWEST) * imagesPerSecond + NEWEST * speed;
                    }
                });
    }
}
