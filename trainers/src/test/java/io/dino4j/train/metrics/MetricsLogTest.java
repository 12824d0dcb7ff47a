package io.dino4j.train.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class MetricsLogTest {
    @TempDir
    Path dir;

    @Test
    void aResumedRunDropsLaterRecordsAndABrokenLine() throws IOException {
        Path file = dir.resolve("metrics.jsonl");
        write(file, 0, 0, 5);
        Files.writeString(file, "{\"step\":5,\"lo", StandardOpenOption.APPEND);
        assertEquals(5, MetricsLog.read(file).size());
        write(file, 3, 3, 4);
        assertEquals(List.of(0L, 1L, 2L, 3L), steps(file));
        write(file, 9, 9, 10);
        assertEquals(List.of(0L, 1L, 2L, 3L, 9L), steps(file));
        write(file, 0, 0, 1);
        assertEquals(List.of(0L), steps(file));
    }

    @Test
    void valuesSurviveEvenIfNotFinite() throws IOException {
        Path file = dir.resolve("metrics.jsonl");
        Map<String, Double> values = Map.of("a", 0.1, "b", Double.NaN, "c", Double.NEGATIVE_INFINITY);
        try (MetricsLog log = MetricsLog.open(file, 0)) {
            log.write(1, values);
        }
        assertEquals(List.of(new MetricsLog.Record(1, values)), MetricsLog.read(file));
    }

    private static void write(Path file, long nextStep, long from, long to) throws IOException {
        try (MetricsLog log = MetricsLog.open(file, nextStep)) {
            for (long step = from; step < to; step++) {
                log.write(step, Map.of("loss", 1.0 / (step + 1)));
            }
        }
    }

    private static List<Long> steps(Path file) throws IOException {
        return MetricsLog.read(file).stream().map(MetricsLog.Record::step).toList();
    }
}
