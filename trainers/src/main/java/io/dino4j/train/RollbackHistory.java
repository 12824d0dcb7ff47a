package io.dino4j.train;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.dino4j.data.Seed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * {@code rollbacks.json}: how often a run went back to a checkpoint, and what has changed since. Together with the checkpoint it decides
 * how the run goes on, so that a run which is killed after going back goes on as an undisturbed one.
 */
final class RollbackHistory {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /**
     * One time that the run went back.
     *
     * @param from step in which the trouble was found
     * @param to step that was gone back to, 0 for the start
     * @param lrFactor learning rate from there on, over the one before
     * @param reason the trouble
     */
    record Rollback(long from, long to, double lrFactor, String reason) {}

    private final Path file;
    private final List<Rollback> rollbacks;

    private RollbackHistory(Path file, List<Rollback> rollbacks) {
        this.file = file;
        this.rollbacks = rollbacks;
    }

    /** Reads what happened so far. */
    static RollbackHistory open(Path file) {
        if (!Files.exists(file)) {
            return new RollbackHistory(file, new ArrayList<>());
        }
        try {
            return new RollbackHistory(
                    file, JSON.readValue(file.toFile(), new TypeReference<ArrayList<Rollback>>() {}));
        } catch (IOException e) {
            throw new TrainingException(
                    "%s is damaged: %s; without it the run goes on at its first learning rate: remove it if that is right"
                            .formatted(file, e.getMessage().lines().findFirst().orElse("")));
        }
    }

    void add(Rollback rollback) {
        rollbacks.add(rollback);
        try {
            RunDirectory.replace(file, JSON.writeValueAsString(rollbacks));
        } catch (IOException e) {
            throw new TrainingException("%s cannot be written: %s".formatted(file, e.getMessage()));
        }
    }

    int count() {
        return rollbacks.size();
    }

    Optional<Rollback> last() {
        return rollbacks.isEmpty() ? Optional.empty() : Optional.of(rollbacks.get(rollbacks.size() - 1));
    }

    /** Factor on the learning rate of the schedule: that of all rollbacks together. */
    double lrFactor() {
        return rollbacks.stream().mapToDouble(Rollback::lrFactor).reduce(1, (a, b) -> a * b);
    }

    /**
     * The seed of order, crops and masks: another one after each rollback, so that the batches that led to the trouble do not come again.
     * The rest of that epoch then shows some images twice and some not at all; the epochs after it are whole.
     */
    long dataSeed(long seed) {
        return count() == 0
                ? seed
                : new Seed(seed).derive("rollback " + count()).root();
    }

    /** What the record of a step tells beside its numbers: the last rollback, in the first step after it. */
    Map<String, Double> event(long step) {
        Map<String, Double> event = new LinkedHashMap<>();
        last().filter(r -> r.to() == step).ifPresent(r -> {
            event.put("rollback", (double) count());
            event.put("rollback_from", (double) r.from());
        });
        return event;
    }

    /** A line for people each. */
    List<String> lines() {
        return rollbacks.stream()
                .map(r -> "%s: went back to step %d and on from there with other batches and the learning rate times %s"
                        .formatted(r.reason(), r.to(), r.lrFactor()))
                .toList();
    }
}
