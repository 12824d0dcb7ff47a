package io.dino4j.zoo.feature;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** What must be equal for an interrupted run to go on. */
final class StoreSettings {
    private static final int VERSION = 1;

    private final Map<String, String> all = new LinkedHashMap<>();

    StoreSettings(FeatureLayout layout, Map<String, String> settings) {
        all.put("store version", Integer.toString(VERSION));
        all.put("kind of features", layout.kind().name().toLowerCase(Locale.ROOT));
        all.put("dimension of features", Integer.toString(layout.dimension()));
        all.putAll(settings);
    }

    private StoreSettings() {}

    String toJson() {
        ObjectNode root = PartIndex.JSON.createObjectNode();
        all.forEach(root::put);
        return root.toPrettyString();
    }

    static StoreSettings read(Path file) throws IOException {
        StoreSettings read = new StoreSettings();
        try {
            JsonNode root = PartIndex.JSON.readTree(Files.readString(file));
            if (!root.isObject()) {
                throw PartFolder.damaged(file, "is not JSON");
            }
            root.properties().forEach(e -> read.all.put(e.getKey(), e.getValue().asText()));
        } catch (JsonProcessingException | java.nio.charset.CharacterCodingException e) {
            throw PartFolder.damaged(file, "is not JSON");
        }
        return read;
    }

    /**
     * Refuses to go on with other settings.
     *
     * @throws IllegalArgumentException naming each setting that differs, with both values
     */
    void requireEqual(StoreSettings before, Path folder) {
        Set<String> keys = new LinkedHashSet<>(all.keySet());
        keys.addAll(before.all.keySet());
        List<String> differences = new ArrayList<>();
        for (String key : keys) {
            String now = all.get(key);
            String then = before.all.get(key);
            if (now == null || !now.equals(then)) {
                differences.add("%s is %s, was %s".formatted(key, shown(now), shown(then)));
            }
        }
        if (!differences.isEmpty()) {
            throw new IllegalArgumentException(
                    "%s: holds an interrupted run with other settings (%s); run with those to go on, or drop it with --restart"
                            .formatted(folder, String.join("; ", differences)));
        }
    }

    private static String shown(String value) {
        return value == null ? "not given" : "'" + value.replaceAll("\\p{Cntrl}", " ") + "'";
    }
}
