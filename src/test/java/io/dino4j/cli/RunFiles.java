package io.dino4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.train.metrics.MetricsLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What a run has written so far. */
record RunFiles(Path run) {
    /** Complete lines of the metrics; 0 before the first. */
    long records() throws IOException {
        Path file = run.resolve("metrics.jsonl");
        long lines = 0;
        if (Files.exists(file)) {
            for (byte b : Files.readAllBytes(file)) {
                lines += b == '\n' ? 1 : 0;
            }
        }
        return lines;
    }

    /** True while a checkpoint is being written. */
    boolean isSaving() throws IOException {
        return names(run.resolve("checkpoints")).stream().anyMatch(n -> n.startsWith(".draft-"));
    }

    /** Step of the newest checkpoint; -1 if there is none. */
    long newestCheckpoint() throws IOException {
        return names(run.resolve("checkpoints")).stream()
                .filter(n -> n.startsWith("step-"))
                .mapToLong(n -> Long.parseLong(n.substring("step-".length())))
                .max()
                .orElse(-1);
    }

    private static List<String> names(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).toList();
        }
    }

    /** Every number of every step, but the speed, which differs each time. */
    List<Map<String, Double>> numbers() throws IOException {
        List<MetricsLog.Record> records = MetricsLog.read(run.resolve("metrics.jsonl"));
        for (int i = 0; i < records.size(); i++) {
            assertEquals(i, records.get(i).step(), "each step is there once, in order");
        }
        return records.stream()
                .map(r -> {
                    Map<String, Double> values = new TreeMap<>(r.values());
                    values.remove("images_per_second");
                    return values;
                })
                .toList();
    }

    /** Compares the newest checkpoints byte for byte, and the metrics number for number. */
    void requireSame(RunFiles other, long steps) throws IOException {
        Path ours = run.resolve("checkpoints/step-%08d".formatted(steps));
        Path theirs = other.run.resolve("checkpoints/step-%08d".formatted(steps));
        List<String> tensors = names(theirs).stream()
                .filter(n -> n.endsWith(".safetensors"))
                .sorted()
                .toList();
        assertTrue(tensors.containsAll(List.of("student.safetensors", "teacher.safetensors", "moment1.safetensors")));
        for (String name : tensors) {
            assertEquals(-1, Files.mismatch(theirs.resolve(name), ours.resolve(name)), name + " differs at this byte");
        }
        assertEquals(other.numbers(), numbers());
        assertEquals(steps, numbers().size());
    }
}
