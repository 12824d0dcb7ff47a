package io.dino4j.train;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The k-NN results of a run, kept in {@code knn.json}: accuracy from 0 to 1 by number of neighbours, for raw pixels and for the teacher by
 * step; step 0 is the untrained network.
 */
final class KnnHistory {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private static final String PIXELS = "raw_pixels";

    /** Share of the best accuracy below which something is likely to be wrong: noise of a small test set stays above it. */
    private static final double FAR_BELOW = 0.75;

    private final Path file;
    private final Map<String, Map<Integer, Double>> results;

    private KnnHistory(Path file, Map<String, Map<Integer, Double>> results) {
        this.file = file;
        this.results = results;
    }

    /** Reads the results of a run so far. */
    static KnnHistory open(Path file) {
        if (!Files.exists(file)) {
            return new KnnHistory(file, new LinkedHashMap<>());
        }
        try {
            return new KnnHistory(file, JSON.readValue(file.toFile(), new TypeReference<>() {}));
        } catch (IOException e) {
            throw new TrainingException("%s is damaged: %s; remove it, the results are worked out again"
                    .formatted(file, e.getMessage().lines().findFirst().orElse("")));
        }
    }

    Optional<Map<Integer, Double>> pixels() {
        return Optional.ofNullable(results.get(PIXELS));
    }

    void setPixels(Map<Integer, Double> accuracy) {
        put(PIXELS, accuracy);
    }

    /** The result of the untrained network. */
    Optional<Map<Integer, Double>> untrained() {
        return Optional.ofNullable(results.get("0"));
    }

    void set(long step, Map<Integer, Double> accuracy) {
        put(Long.toString(step), accuracy);
    }

    /** The results of the teacher, by step. */
    TreeMap<Long, Map<Integer, Double>> bySteps() {
        TreeMap<Long, Map<Integer, Double>> steps = new TreeMap<>();
        results.forEach((key, accuracy) -> {
            if (!key.equals(PIXELS)) {
                steps.put(Long.parseLong(key), accuracy);
            }
        });
        return steps;
    }

    /** Forgets the results of later steps: they have been undone. */
    void dropAfter(long step) {
        if (results.keySet().removeIf(key -> !key.equals(PIXELS) && Long.parseLong(key) > step)) {
            write();
        }
    }

    /**
     * What to tell if the accuracy of the last step is far below the best one so far.
     *
     * @return empty if all is well
     */
    Optional<String> fall() {
        TreeMap<Long, Map<Integer, Double>> steps = bySteps();
        Map.Entry<Long, Map<Integer, Double>> last = steps.lastEntry();
        return steps.entrySet().stream()
                .max(Comparator.comparingDouble(e -> mean(e.getValue())))
                .filter(best -> mean(last.getValue()) < FAR_BELOW * mean(best.getValue()))
                .map(best -> ("step %d: k-NN accuracy has fallen to %.1f%% from %.1f%% at step %d; see"
                                + " docs/troubleshooting.md if it goes on falling")
                        .formatted(
                                last.getKey(),
                                100 * mean(last.getValue()),
                                100 * mean(best.getValue()),
                                best.getKey()));
    }

    private static double mean(Map<Integer, Double> accuracy) {
        return accuracy.values().stream().mapToDouble(a -> a).average().orElse(0);
    }

    /** The result of the last step that has one. */
    Optional<Map<Integer, Double>> last() {
        return Optional.ofNullable(bySteps().lastEntry()).map(Map.Entry::getValue);
    }

    private void put(String key, Map<Integer, Double> accuracy) {
        results.put(key, new TreeMap<>(accuracy));
        write();
    }

    private void write() {
        try {
            RunDirectory.replace(file, JSON.writeValueAsString(results));
        } catch (IOException e) {
            throw new TrainingException("%s cannot be written: %s".formatted(file, e.getMessage()));
        }
    }
}
