package io.dino4j.zoo.feature;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dino4j.zoo.feature.FeatureFormat.Grid;
import java.util.ArrayList;
import java.util.List;

/**
 * What one part holds. Its file is the last of the part to get its name: a part is there if its index is.
 *
 * @param from position in the listing of the first image
 * @param upTo position behind the last image
 * @param rows images with features
 * @param grid of all of them, or unknown
 * @param lengths bytes of each file of the part; empty without rows
 * @param unreadable a line for each image that could not be read
 */
record PartIndex(long from, long upTo, long rows, Grid grid, List<Long> lengths, List<String> unreadable) {
    static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    String toJson() {
        ObjectNode root = JSON.createObjectNode();
        root.put("from", from).put("upTo", upTo).put("rows", rows);
        root.put("gridHeight", grid.height()).put("gridWidth", grid.width());
        ArrayNode bytes = root.putArray("lengths");
        lengths.forEach(bytes::add);
        ArrayNode lines = root.putArray("unreadable");
        unreadable.forEach(lines::add);
        return root.toString();
    }

    /** The index that a text holds; an IllegalArgumentException says what is wrong with it. */
    static PartIndex parse(String text) {
        JsonNode root;
        try {
            root = JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("is not JSON", e);
        }
        List<Long> lengths = new ArrayList<>();
        root.path("lengths").forEach(n -> lengths.add(n.asLong(-1)));
        List<String> unreadable = new ArrayList<>();
        root.path("unreadable").forEach(n -> unreadable.add(n.asText()));
        Grid grid = new Grid((int) whole(root, "gridHeight"), (int) whole(root, "gridWidth"));
        return new PartIndex(whole(root, "from"), whole(root, "upTo"), whole(root, "rows"), grid, lengths, unreadable);
    }

    private static long whole(JsonNode root, String key) {
        JsonNode value = root.path(key);
        if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
            throw new IllegalArgumentException("has no whole number '%s'".formatted(key));
        }
        return value.longValue();
    }
}
