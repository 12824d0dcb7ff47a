package io.dino4j.zoo.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The configuration of a backbone in the header of a {@code .safetensors} file that is written here: what names and shapes do not tell is
 * the number of attention heads, and how positions are resampled.
 */
public final class BackboneMetadata {
    /** Key of the header's free text pairs; its value is JSON. */
    public static final String KEY = "dino4j.backbone";

    private static final int LONGEST = 4096;

    private BackboneMetadata() {}

    /** The pair to put into a header. */
    public static Map<String, String> of(VitConfig c) {
        return Map.of(KEY, json(c).toString());
    }

    /** Every field of the configuration by name. */
    static ObjectNode json(VitConfig c) {
        ObjectNode node = StrictJson.MAPPER.createObjectNode();
        node.put("image_size", c.imageSize());
        node.put("patch_size", c.patchSize());
        node.put("embed_dim", c.embedDim());
        node.put("depth", c.depth());
        node.put("num_heads", c.numHeads());
        node.put("mlp_ratio", c.mlpRatio());
        node.put("ffn", c.ffn().name().toLowerCase(Locale.ROOT));
        node.put("num_registers", c.numRegisters());
        node.put("layer_scale", c.layerScale());
        node.put("interpolate_offset", c.interpolateOffset());
        node.put("interpolate_antialias", c.interpolateAntialias());
        return node;
    }

    /**
     * The configuration that a header tells.
     *
     * @param file for messages
     * @param metadata free text pairs of the header
     * @param shape what the tensors tell
     * @return empty if it tells none
     * @throws WeightsException if it is damaged, or the tensors are those of another backbone
     */
    static Optional<VitConfig> in(Path file, Map<String, String> metadata, BackboneShape shape) {
        String text = metadata.get(KEY);
        if (text == null) {
            return Optional.empty();
        }
        String what = "%s: its metadata '%s'".formatted(file, KEY);
        if (text.length() > LONGEST) {
            throw new WeightsException("%s has %d characters, more than %d".formatted(what, text.length(), LONGEST));
        }
        VitConfig told = new Fields(what, StrictJson.object(what, text)).config();
        if (!BackboneShape.of(told).equals(shape)) {
            throw new WeightsException("%s is of %s for images of %d pixels, but the tensors are those of %s for %d"
                    .formatted(
                            what,
                            BackboneShape.of(told),
                            told.imageSize(),
                            shape,
                            (long) shape.gridSize() * shape.patchSize()));
        }
        return Optional.of(told);
    }

    /** Reads each field once; none may be missing or left over. */
    private record Fields(String what, ObjectNode node, Set<String> left) {
        Fields(String what, ObjectNode node) {
            this(what, node, new TreeSet<>());
            for (Iterator<String> names = node.fieldNames(); names.hasNext(); ) {
                left.add(names.next());
            }
        }

        VitConfig config() {
            try {
                VitConfig config = new VitConfig(
                        whole("image_size"),
                        whole("patch_size"),
                        whole("embed_dim"),
                        whole("depth"),
                        whole("num_heads"),
                        number("mlp_ratio"),
                        ffn(),
                        whole("num_registers"),
                        number("layer_scale"),
                        number("interpolate_offset"),
                        truth("interpolate_antialias"));
                if (!left.isEmpty()) {
                    throw new IllegalArgumentException("fields that are not known: " + String.join(", ", left));
                }
                return config;
            } catch (IllegalArgumentException e) {
                throw new WeightsException("%s: %s".formatted(what, e.getMessage()), e);
            }
        }

        private JsonNode field(String name) {
            left.remove(name);
            return node.path(name);
        }

        private int whole(String name) {
            JsonNode value = field(name);
            return require(value.isIntegralNumber() && value.canConvertToInt(), name, "a whole number", value)
                    .intValue();
        }

        private double number(String name) {
            JsonNode value = field(name);
            return require(value.isNumber() && Double.isFinite(value.doubleValue()), name, "a number", value)
                    .doubleValue();
        }

        private boolean truth(String name) {
            JsonNode value = field(name);
            return require(value.isBoolean(), name, "true or false", value).booleanValue();
        }

        private Ffn ffn() {
            JsonNode value = field("ffn");
            for (Ffn ffn : Ffn.values()) {
                if (value.asText().equals(ffn.name().toLowerCase(Locale.ROOT))) {
                    return ffn;
                }
            }
            throw new IllegalArgumentException("ffn must be mlp or swiglu, got '%s'".formatted(value.asText()));
        }

        private static JsonNode require(boolean holds, String name, String wanted, JsonNode value) {
            if (!holds) {
                throw new IllegalArgumentException(
                        value.isMissingNode()
                                ? "%s is missing".formatted(name)
                                : "%s must be %s, got %s".formatted(name, wanted, value));
            }
            return value;
        }
    }
}
