package io.dino4j.train.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.dino4j.data.file.Sha256;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The tree of all keys, layer over layer, with the origin of each value. The default layer is the list of known keys. */
final class ConfigTree {
    static final ObjectMapper YAML = YAMLMapper.builder()
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .build();

    /** Blocks that mean something to upstream's CUDA build only: accepted as they come. */
    private static final Set<String> LOOSE = Set.of("MODEL", "compute_precision");
    /** Overrides whose absence may be written as null. */
    private static final Set<String> NULLABLE =
            Set.of("student.embed_dim", "student.depth", "student.num_heads", "student.mlp_ratio");

    /** The list of phases, and the one key of a phase that is no block. */
    static final String PHASES = "phases";

    static final String NAME = "name";

    /** Warm-ups in epochs: a phase stretches those that it does not set. */
    private static final List<String> WARM_UPS =
            List.of("/optim/warmup_epochs", "/optim/freeze_last_layer_epochs", "/teacher/warmup_teacher_temp_epochs");

    private static final String EPOCH_LENGTH_LEAF = "OFFICIAL_EPOCH_LENGTH";
    private static final String EPOCH_LENGTH = "train." + EPOCH_LENGTH_LEAF;

    private final ObjectNode tree;
    private final Map<String, String> origins = new HashMap<>();
    /** Goes before each key in a message: {@code phases[0].} in a phase, else empty. */
    private final String path;

    ConfigTree(ObjectNode defaults) {
        this(defaults, "");
    }

    private ConfigTree(ObjectNode tree, String path) {
        this.tree = tree;
        this.path = path;
    }

    /** The records behind the tree. */
    RunConfig resolve() {
        return YAML.convertValue(tree, RunConfig.class);
    }

    /** Number of phases that follow this one. */
    int phases() {
        return tree.path(PHASES).size();
    }

    /** A copy without further phases. */
    ConfigTree withoutPhases() {
        ConfigTree result = copy("");
        result.tree.putArray(PHASES);
        return result;
    }

    private ConfigTree copy(String path) {
        ObjectNode copy = tree.deepCopy();
        copy.remove(PHASES);
        ConfigTree result = new ConfigTree(copy, path);
        result.origins.putAll(origins);
        return result;
    }

    /** What a phase makes of this tree, without further phases. */
    ConfigTree phase(int index) {
        ConfigTree phase = copy("%s[%d].".formatted(PHASES, index));
        ObjectNode blocks = (ObjectNode) tree.get(PHASES).get(index).deepCopy();
        blocks.remove(NAME);
        ((ObjectNode) phase.at("optim")).put("freeze_backbone_steps", 0); // the heads are no longer fresh
        phase.merge(origins.getOrDefault(PHASES, "default"), blocks);
        double stretch =
                phase.at("optim.epochs").doubleValue() / at("optim.epochs").doubleValue();
        for (String key : WARM_UPS) {
            if (blocks.at(key).isMissingNode()) {
                String leaf = key.substring(key.lastIndexOf('/') + 1);
                long epochs = Math.round(tree.at(key).intValue() * stretch);
                ((ObjectNode) phase.tree.at(key.substring(0, key.lastIndexOf('/')))).put(leaf, (int) epochs);
            }
        }
        phase.tree.putArray(PHASES);
        return phase;
    }

    /** Gives the epochs of 0 steps, of this tree and of its phases, the steps of one pass over the images. */
    void resolveEpochs(int images) {
        for (int i = 0; i < phases(); i++) { // before this tree, whose length they may have
            ObjectNode own = (ObjectNode) tree.get(PHASES).get(i);
            ConfigTree phase = phase(i);
            if (phase.at(EPOCH_LENGTH).intValue() == 0) {
                ObjectNode train = own.has("train") ? (ObjectNode) own.get("train") : own.putObject("train");
                phase.resolveEpochs(images);
                train.set(EPOCH_LENGTH_LEAF, phase.at(EPOCH_LENGTH));
            }
        }
        if (at(EPOCH_LENGTH).intValue() == 0) {
            int batch = resolve().train().imagesPerStep();
            ((ObjectNode) tree.get("train")).put(EPOCH_LENGTH_LEAF, Math.max(1, images / batch));
        }
    }

    /** A list of phases whose every value is of the right type. */
    private ArrayNode phases(String origin, JsonNode list) {
        if (!list.isArray() && !list.isNull()) {
            throw new ConfigException(
                    "%s: phases is %s; allowed: a list of blocks of keys, such as [{optim: {epochs: 10}}]"
                            .formatted(origin, shown(list)));
        }
        ArrayNode phases = YAML.createArrayNode();
        for (JsonNode phase : list) {
            ConfigTree tried = copy("%s[%d].".formatted(PHASES, phases.size()));
            tried.tree.put(NAME, "");
            tried.merge(origin, phase);
            phases.add(typed(phase, tried.tree));
        }
        return phases;
    }

    /** The keys of a layer, with the values that they have in a tree that it was merged into. */
    private static ObjectNode typed(JsonNode layer, JsonNode merged) {
        ObjectNode result = YAML.createObjectNode();
        for (Map.Entry<String, JsonNode> field : layer.properties()) {
            JsonNode value = merged.get(field.getKey());
            if (field.getValue().isObject()) {
                result.set(field.getKey(), typed(field.getValue(), value));
            } else if (!value.isObject()) { // an empty block changes nothing
                result.set(field.getKey(), value);
            }
        }
        return result;
    }

    JsonNode at(String key) {
        return tree.at("/" + key.replace('.', '/'));
    }

    /** A fault of one key, named with the layer that set it. */
    ConfigException fault(String key, String allowed) {
        JsonNode value = at(key);
        return new ConfigException("%s: %s is %s; allowed: %s"
                .formatted(origins.getOrDefault(key, "default"), path + key, shown(value), allowed));
    }

    private static String shown(JsonNode value) {
        return value.isTextual() ? "'" + value.asText() + "'" : value.isNumber() ? value.asText() : value.toString();
    }

    /** Lays another layer on top. */
    void merge(String origin, JsonNode layer) {
        if (layer.isMissingNode() || layer.isNull()) {
            return;
        }
        if (!layer.isObject()) {
            throw new ConfigException("%s: %snot a tree of 'key: value' lines"
                    .formatted(origin, path.isEmpty() ? "" : path.replaceFirst("[.]$", " is ")));
        }
        merge(origin, "", (ObjectNode) layer, tree);
    }

    private void merge(String origin, String prefix, ObjectNode layer, ObjectNode onto) {
        for (Map.Entry<String, JsonNode> field : layer.properties()) {
            String key = prefix + field.getKey();
            JsonNode value = field.getValue();
            JsonNode known = onto.get(field.getKey());
            if (prefix.isEmpty() && LOOSE.contains(key)) {
                if (value.isObject()) {
                    onto.set(key, value);
                }
            } else if (known == null) {
                throw new ConfigException(
                        "%s: unknown key '%s'; did you mean '%s'?".formatted(origin, path + key, path + nearest(key)));
            } else if (path.isEmpty() && key.equals(PHASES)) {
                onto.set(key, phases(origin, value));
                origins.put(key, origin);
            } else if (!known.isObject()) {
                onto.set(field.getKey(), coerce(origin, key, known, value));
                origins.put(key, origin);
            } else if (value.isObject()) {
                merge(origin, key + ".", (ObjectNode) value, (ObjectNode) known);
            } else if (!value.isNull()) {
                throw new ConfigException("%s: %s is %s; it is a block of keys such as '%s'"
                        .formatted(origin, path + key, value, path + nearest(key + ".")));
            }
        }
    }

    private JsonNode coerce(String origin, String key, JsonNode known, JsonNode value) {
        JsonNode result;
        if (value.isNull() && NULLABLE.contains(key)) {
            return known.isInt() ? IntNode.valueOf(0) : DoubleNode.valueOf(0);
        } else if (known.isArray()) {
            result = pair(value);
        } else if (known.isBoolean()) {
            result = flag(value);
        } else if (known.isTextual()) {
            result = value.isNull()
                    ? TextNode.valueOf("")
                    : value.isValueNode() ? TextNode.valueOf(value.asText()) : null;
        } else if (known.isDouble()) {
            result = number(value);
        } else {
            result = whole(value, key.equals("train.seed"));
        }
        if (result == null) {
            throw new ConfigException("%s: %s is %s; allowed: %s"
                    .formatted(
                            origin,
                            path + key,
                            shown(value),
                            known.isArray()
                                    ? "a list of " + known.size() + " numbers"
                                    : known.isBoolean()
                                            ? "true or false"
                                            : known.isTextual()
                                                    ? "a text"
                                                    : known.isDouble() ? "a number" : "a whole number"));
        }
        return result;
    }

    private static JsonNode number(JsonNode value) {
        if (value.isNumber()) {
            return DoubleNode.valueOf(value.doubleValue());
        }
        try { // YAML 1.1 calls 1e-6, without a point, a text
            return value.isTextual() ? DoubleNode.valueOf(Double.parseDouble(value.asText())) : null;
        } catch (NumberFormatException e) {
            return null;
        }
    }

    private static JsonNode whole(JsonNode value, boolean isLong) {
        JsonNode number = number(value);
        if (number == null || number.doubleValue() != Math.rint(number.doubleValue())) {
            return null;
        }
        JsonNode exact = value.isNumber() ? value : number;
        if (isLong) {
            return exact.canConvertToLong() ? LongNode.valueOf(exact.longValue()) : null;
        }
        return exact.canConvertToInt() ? IntNode.valueOf(exact.intValue()) : null;
    }

    private static JsonNode flag(JsonNode value) {
        if (value.isBoolean()) {
            return value;
        }
        return switch (value.asText()) {
            case "true", "True" -> BooleanNode.TRUE;
            case "false", "False" -> BooleanNode.FALSE;
            default -> null;
        };
    }

    private static JsonNode pair(JsonNode value) {
        if (!value.isArray() || value.size() != 2) {
            return null;
        }
        ArrayNode numbers = YAML.createArrayNode();
        for (JsonNode v : value) {
            JsonNode number = number(v);
            if (number == null) {
                return null;
            }
            numbers.add(number);
        }
        return numbers;
    }

    /** The known key that takes the fewest edits, or the same name in another block. */
    private String nearest(String key) {
        List<String> keys = new ArrayList<>();
        collect("", tree, keys);
        return keys.stream()
                .min(Comparator.comparingInt(k -> Math.min(edits(key, k), 1 + edits(leaf(key), leaf(k)))))
                .orElse("");
    }

    private static void collect(String prefix, JsonNode node, List<String> keys) {
        for (Map.Entry<String, JsonNode> field : node.properties()) {
            String key = prefix + field.getKey();
            if (field.getValue().isObject()) {
                if (prefix.isEmpty()) {
                    keys.add(key);
                }
                collect(key + ".", field.getValue(), keys);
            } else {
                keys.add(key);
            }
        }
    }

    private static String leaf(String key) {
        return key.substring(key.lastIndexOf('.') + 1);
    }

    /** Levenshtein distance. */
    static int edits(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replace = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replace, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }

    static String sha256(String text) {
        return Sha256.of(text.getBytes(StandardCharsets.UTF_8));
    }
}
