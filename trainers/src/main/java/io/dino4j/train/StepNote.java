package io.dino4j.train;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What the servers keep of the last step for whoever joins.
 *
 * @param run names the run that the state is of
 * @param step number of the step, -1 before the first
 * @param dataSeed what order, crops and masks are drawn from
 * @param rateFactor on the learning rate of the schedule
 * @param values the record of the step; empty if it is not known
 */
record StepNote(String run, long step, long dataSeed, double rateFactor, Map<String, Double> values) {
    private static final ObjectMapper JSON = new ObjectMapper();

    byte[] toBytes() {
        try {
            ObjectNode node = JSON.createObjectNode()
                    .put("run", run)
                    .put("step", step)
                    .put("data_seed", dataSeed)
                    .put("rate_factor", rateFactor);
            node.set("values", JSON.valueToTree(values));
            return JSON.writeValueAsBytes(node);
        } catch (IOException e) {
            throw new IllegalStateException("numbers by name can be written as JSON", e);
        }
    }

    /** Empty if there is none. */
    static Optional<StepNote> of(byte[] bytes) {
        if (bytes.length == 0) {
            return Optional.empty();
        }
        try {
            var node = JSON.readTree(bytes);
            Map<String, Double> values =
                    JSON.convertValue(node.path("values"), new TypeReference<LinkedHashMap<String, Double>>() {});
            return Optional.of(new StepNote(
                    node.path("run").asText(),
                    node.path("step").asLong(),
                    node.path("data_seed").asLong(),
                    node.path("rate_factor").asDouble(),
                    values));
        } catch (IOException | IllegalArgumentException e) {
            throw new TrainingException("the servers keep a note that cannot be read: " + e.getMessage());
        }
    }
}
