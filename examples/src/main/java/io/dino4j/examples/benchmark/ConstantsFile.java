package io.dino4j.examples.benchmark;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dino4j.data.file.Durable;
import io.dino4j.train.scaling.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;

/**
 * What machines can do, as a JSON object of numbers by the names of {@link Machine}.
 *
 * @param path the file
 */
record ConstantsFile(Path path) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * What it says, and the usual numbers for the rest.
     *
     * @throws IllegalArgumentException in one line, if it is not an object of such numbers
     */
    Machine read(Machine usual) throws IOException {
        ObjectNode all = JSON.valueToTree(usual);
        try {
            JsonNode given = JSON.readTree(Files.readString(path));
            if (!given.isObject()) {
                throw new IllegalArgumentException(path + ": expected a JSON object");
            }
            for (Iterator<String> names = given.fieldNames(); names.hasNext(); ) {
                String name = names.next();
                JsonNode known = all.get(name);
                if (known == null
                        || known.isNumber() != given.get(name).isNumber()
                        || known.isBoolean() != given.get(name).isBoolean()) {
                    throw new IllegalArgumentException(
                            "%s: '%s' is not a constant, or not of its type; usual are %s".formatted(path, name, all));
                }
                all.set(name, given.get(name));
            }
            return JSON.treeToValue(all, Machine.class);
        } catch (JsonProcessingException e) {
            boolean isRange = e.getCause() instanceof IllegalArgumentException;
            String reason = isRange ? e.getCause().getMessage() : "is no JSON: " + e.getOriginalMessage();
            throw new IllegalArgumentException("%s: %s".formatted(path, reason), e);
        }
    }

    /** Writes all constants, each to the last bit. */
    void write(Machine machine) throws IOException {
        String text = JSON.writerWithDefaultPrettyPrinter().writeValueAsString(machine) + "\n";
        Durable.write(path, draft -> Files.writeString(draft, text));
    }
}
