package io.dino4j.zoo.weights;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** JSON of unknown origin: one object, no name twice, nothing after it. */
final class StrictJson {
    static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private StrictJson() {}

    /**
     * Parses an object.
     *
     * @param what what the text is, with its file, for messages
     */
    static ObjectNode object(String what, String text) {
        JsonNode root;
        try {
            root = MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            throw new WeightsException("%s is not JSON: %s".formatted(what, e.getOriginalMessage()), e);
        }
        if (root instanceof ObjectNode object) {
            return object;
        }
        throw new WeightsException("%s is not a JSON object".formatted(what));
    }

    /** Parses a file of at most so many bytes. */
    static ObjectNode object(Path file, long most) {
        try {
            if (Files.size(file) > most) {
                throw new WeightsException(
                        "%s: has %d bytes, more than the %d allowed".formatted(file, Files.size(file), most));
            }
            return object(file + ":", Files.readString(file));
        } catch (NoSuchFileException e) {
            throw new WeightsException("%s: no such file".formatted(file), e);
        } catch (IOException e) {
            throw new WeightsException("%s: cannot be read: %s".formatted(file, e), e);
        }
    }
}
