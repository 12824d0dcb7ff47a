package io.dino4j.train.sweep;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.dino4j.train.config.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Reads {@code sweep.yaml}. Each message is one line with file and key. */
final class SweepFile {
    private static final ObjectMapper YAML = YAMLMapper.builder()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .build();

    private static final List<String> KEYS = List.of(
            "base",
            "set",
            "images",
            "val",
            "epochs",
            "search",
            "candidates",
            "parallel",
            "seed",
            "grid_points",
            "space",
            "stop");
    private static final List<String> STOP_KEYS = List.of("median_after", "others", "steps", "minutes");
    private static final List<String> RANGE_KEYS = List.of("from", "to", "scale", "type");

    private static final int USUAL_CANDIDATES = 12;
    private static final int USUAL_POINTS = 3;

    private final Path file;

    SweepFile(Path file) {
        this.file = file;
    }

    SweepConfig read() throws IOException {
        JsonNode root = tree();
        known(root, "", KEYS);
        try {
            SweepConfig config = config(root, List.of());
            // which keys hold whole numbers, only the configuration knows
            return config(
                    root, space(root, YAML.readTree(config.config(List.of()).toYaml()), config));
        } catch (IllegalArgumentException e) {
            throw fault(e.getMessage());
        }
    }

    private JsonNode tree() throws IOException {
        if (!Files.isRegularFile(file)) {
            throw fault("no such file; expected YAML, see docs/sweep.md");
        }
        try {
            JsonNode root = YAML.readTree(Files.readString(file));
            if (root == null || !root.isObject()) {
                throw fault("not a tree of 'key: value' lines; see docs/sweep.md");
            }
            return root;
        } catch (JsonProcessingException e) {
            int line = e.getLocation() == null ? 0 : e.getLocation().getLineNr();
            throw fault("line %d is no YAML: %s"
                    .formatted(line, e.getOriginalMessage().lines().findFirst().orElse("")));
        }
    }

    /** All but the space if {@code space} is empty: a stand-in takes its place. */
    private SweepConfig config(JsonNode root, List<Dimension> space) {
        boolean own = root.hasNonNull("images");
        Search search = search(root);
        int usual = search == Search.GRID ? Search.LARGEST_GRID : USUAL_CANDIDATES;
        return new SweepConfig(
                file.toString(),
                texts(root, "base", own ? "nano" : "shapes"),
                set(root),
                own ? text(root, "images") : "builtin:shapes",
                root.hasNonNull("val") ? Optional.of(text(root, "val")) : Optional.empty(),
                root.hasNonNull("epochs") ? OptionalInt.of(whole(root, "epochs", 0)) : OptionalInt.empty(),
                space.isEmpty() ? Search.RANDOM : search,
                whole(root, "candidates", usual),
                whole(root, "parallel", 1),
                whole(root, "seed", 0),
                whole(root, "grid_points", USUAL_POINTS),
                space.isEmpty() ? List.of(new Dimension.Choice("optim.base_lr", List.of("1", "2"))) : space,
                stop(root.path("stop")));
    }

    private Search search(JsonNode root) {
        String name = root.hasNonNull("search") ? text(root, "search") : "random";
        return Arrays.stream(Search.values())
                .filter(s -> s.name().toLowerCase(Locale.ROOT).equals(name))
                .findFirst()
                .orElseThrow(() -> fault("search is '%s'; allowed: random, grid, genetic".formatted(name)));
    }

    private List<String> set(JsonNode root) {
        JsonNode set = root.path("set");
        block(set, "set");
        return set.properties().stream()
                .map(p -> p.getKey() + "=" + p.getValue())
                .toList();
    }

    private StopRule stop(JsonNode stop) {
        if (stop.isMissingNode() || stop.isNull()) {
            return StopRule.NONE;
        }
        block(stop, "stop");
        known(stop, "stop.", STOP_KEYS);
        return new StopRule(
                stop.hasNonNull("median_after")
                        ? OptionalLong.of(whole(stop, "median_after", 0))
                        : OptionalLong.empty(),
                whole(stop, "others", StopRule.NONE.others()),
                stop.hasNonNull("steps") ? OptionalLong.of(whole(stop, "steps", 0)) : OptionalLong.empty(),
                stop.hasNonNull("minutes")
                        ? OptionalDouble.of(number(stop.get("minutes"), "stop.minutes"))
                        : OptionalDouble.empty());
    }

    private List<Dimension> space(JsonNode root, JsonNode keys, SweepConfig config) {
        JsonNode space = root.path("space");
        block(space, "space");
        List<Dimension> dimensions = new ArrayList<>();
        for (Map.Entry<String, JsonNode> entry : space.properties()) {
            String key = entry.getKey();
            JsonNode known = keys.at("/" + key.replace('.', '/'));
            if (known.isMissingNode()) {
                config.layers(List.of(key + "=0")); // names the nearest key
            }
            if (known.isMissingNode() || known.isObject()) {
                throw fault("space.%s: is a block of keys; write dotted names such as optim.base_lr".formatted(key));
            }
            dimensions.add(dimension(key, entry.getValue(), known.isIntegralNumber()));
        }
        if (dimensions.isEmpty()) {
            throw fault("space: is missing; name a key or more, such as {optim.base_lr: {from: 1.0e-4, to: 1.0e-2}}");
        }
        return dimensions;
    }

    private Dimension dimension(String key, JsonNode node, boolean whole) {
        String name = "space." + key;
        if (node.isArray()) {
            return choice(key, node);
        }
        if (node.has("values")) {
            known(node, name + ".", List.of("values"));
            if (!node.get("values").isArray()) {
                throw fault(name + ".values: allowed: a list, such as [0.01, 0.1]");
            }
            return choice(key, node.get("values"));
        }
        if (!node.has("from") || !node.has("to")) {
            throw fault(
                    name + ": allowed: {from: 1, to: 8}, {from: 1.0e-4, to: 1.0e-2, scale: log} or {values: [a, b]}");
        }
        known(node, name + ".", RANGE_KEYS);
        String scale = node.path("scale").asText("linear");
        String type = node.path("type").asText(whole ? "int" : "float");
        if (!List.of("linear", "log").contains(scale)) {
            throw fault("%s.scale is '%s'; allowed: linear, log".formatted(name, scale));
        }
        if (!List.of("int", "float").contains(type)) {
            throw fault("%s.type is '%s'; allowed: int, float".formatted(name, type));
        }
        return new Dimension.Range(
                key,
                number(node.get("from"), name + ".from"),
                number(node.get("to"), name + ".to"),
                scale.equals("log"),
                type.equals("int"));
    }

    private static Dimension choice(String key, JsonNode values) {
        List<String> texts = new ArrayList<>();
        values.forEach(v -> texts.add(v.isTextual() ? v.asText() : v.toString()));
        return new Dimension.Choice(key, texts);
    }

    private void known(JsonNode node, String prefix, List<String> keys) {
        for (Map.Entry<String, JsonNode> field : node.properties()) {
            if (!keys.contains(field.getKey())) {
                throw fault(
                        "unknown key %s%s; known are %s".formatted(prefix, field.getKey(), String.join(", ", keys)));
            }
        }
    }

    private void block(JsonNode node, String key) {
        if (!node.isMissingNode() && !node.isNull() && !node.isObject()) {
            throw fault("%s is %s; allowed: a block of 'key: value' lines".formatted(key, node));
        }
    }

    private String text(JsonNode root, String key) {
        if (!root.path(key).isTextual()) {
            throw fault("%s is %s; allowed: a text".formatted(key, root.path(key)));
        }
        return root.path(key).asText();
    }

    private List<String> texts(JsonNode root, String key, String usual) {
        JsonNode node = root.path(key);
        if (!node.isArray()) {
            return List.of(root.hasNonNull(key) ? text(root, key) : usual);
        }
        List<String> texts = new ArrayList<>();
        for (JsonNode n : node) {
            if (!n.isTextual()) {
                throw fault("%s is %s; allowed: presets and files".formatted(key, node));
            }
            texts.add(n.asText());
        }
        return texts;
    }

    private int whole(JsonNode root, String key, int usual) {
        JsonNode node = root.path(key);
        if (node.isMissingNode() || node.isNull()) {
            return usual;
        }
        if (!node.canConvertToInt() || !node.isIntegralNumber()) {
            throw fault("%s is %s; allowed: a whole number".formatted(key, node));
        }
        return node.asInt();
    }

    private double number(JsonNode node, String key) {
        double value = node.isNumber() ? node.doubleValue() : Double.NaN;
        if (node.isTextual()) {
            try { // YAML 1.1 calls 1e-6, without a point, a text
                value = Double.parseDouble(node.asText());
            } catch (NumberFormatException e) {
                throw fault("%s is %s; allowed: a number".formatted(key, node));
            }
        }
        if (!Double.isFinite(value)) {
            throw fault("%s is %s; allowed: a number".formatted(key, node));
        }
        return value;
    }

    private ConfigException fault(String what) {
        return new ConfigException(what.startsWith(file + ": ") ? what : "%s: %s".formatted(file, what));
    }
}
