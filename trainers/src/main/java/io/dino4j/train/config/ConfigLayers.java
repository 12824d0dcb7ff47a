package io.dino4j.train.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/**
 * A configuration in the making: upstream's defaults, then a preset, then a file, then {@code key=value} overrides, each
 * over the one before. Every layer is checked for unknown keys and wrong types as it is added, ranges once at the end.
 *
 * <pre>{@code
 * RunConfig config = ConfigLayers.defaults().preset("nano").file(yaml).overrides(List.of("optim.epochs=5")).resolve();
 * }</pre>
 */
public final class ConfigLayers {
    private static final List<String> PRESETS =
            List.of("shapes", "nano", "tiny", "vits14", "vitb14", "vitl14", "vitg14", "vitl16_short");

    private final ConfigTree tree;

    private ConfigLayers(ConfigTree tree) {
        this.tree = tree;
    }

    /** Upstream's defaults alone: ViT-L/16 on ImageNet-1k. */
    public static ConfigLayers defaults() {
        return new ConfigLayers(new ConfigTree((ObjectNode) resource("default")));
    }

    /** A resolved configuration, to lay something over it. */
    public static ConfigLayers of(RunConfig config) {
        return new ConfigLayers(new ConfigTree(ConfigTree.YAML.valueToTree(config)));
    }

    /** Names {@link #preset} takes. */
    public static List<String> presets() {
        return PRESETS;
    }

    /**
     * Adds a preset.
     *
     * @throws ConfigException if there is none of this name
     */
    public ConfigLayers preset(String name) {
        if (!PRESETS.contains(name)) {
            throw new ConfigException("unknown preset '%s'; there are %s".formatted(name, String.join(", ", PRESETS)));
        }
        tree.merge("preset " + name, resource(name));
        return this;
    }

    /**
     * Adds a YAML file: upstream's, or a run's own {@code config.yaml}.
     *
     * @throws ConfigException if it cannot be read, is no YAML, or holds an unknown key or a wrong type
     */
    public ConfigLayers file(Path file) {
        try {
            return yaml(file.toString(), Files.readAllBytes(file));
        } catch (NoSuchFileException e) {
            throw new ConfigException(
                    "%s: no such file; name a YAML file or one of the presets %s".formatted(file, PRESETS), e);
        } catch (IOException e) {
            throw new ConfigException("%s: cannot be read: %s".formatted(file, e), e);
        }
    }

    /**
     * Adds YAML that came from elsewhere than a file, such as {@link RunConfig#toYaml} of another process.
     *
     * @param origin goes before each message
     * @param text the YAML
     * @throws ConfigException if it is no YAML, or holds an unknown key or a wrong type
     */
    public ConfigLayers yaml(String origin, String text) {
        try {
            return yaml(origin, text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new ConfigException("%s: cannot be read: %s".formatted(origin, e), e);
        }
    }

    private ConfigLayers yaml(String origin, byte[] text) throws IOException {
        try {
            tree.merge(origin, ConfigTree.YAML.readTree(text));
            return this;
        } catch (JsonProcessingException e) {
            int line = e.getLocation() == null ? 0 : e.getLocation().getLineNr();
            throw new ConfigException("%s: line %d is not YAML".formatted(origin, line), e);
        }
    }

    /**
     * Adds command-line overrides such as {@code optim.base_lr=1e-3} or {@code crops.local_crops_scale=[0.05,0.3]}.
     *
     * @throws ConfigException if one is malformed, or names an unknown key or a wrong type
     */
    public ConfigLayers overrides(List<String> assignments) {
        return overrides("command line", assignments);
    }

    /**
     * Adds overrides that come from elsewhere.
     *
     * @param origin goes before each message, such as the name of a file
     * @param assignments as in {@link #overrides(List)}
     * @throws ConfigException if one is malformed, or names an unknown key or a wrong type
     */
    public ConfigLayers overrides(String origin, List<String> assignments) {
        for (String assignment : assignments) {
            int equals = assignment.indexOf('=');
            if (equals < 1) {
                throw new ConfigException("%s: '%s' is no override; write key=value, such as optim.epochs=5"
                        .formatted(origin, assignment));
            }
            String[] path = assignment.substring(0, equals).strip().split("\\.");
            ObjectNode layer = ConfigTree.YAML.createObjectNode();
            ObjectNode inner = layer;
            for (int i = 0; i < path.length - 1; i++) {
                inner = inner.putObject(path[i]);
            }
            inner.set(path[path.length - 1], value(origin, assignment, assignment.substring(equals + 1)));
            tree.merge(origin, layer);
        }
        return this;
    }

    /**
     * Sets the length of the run. Warm-ups made for a longer run are shortened: the learning rate's to half of this one,
     * the prototypes' freeze and the temperature's to all of it.
     *
     * @param epochs length, at least 1
     * @throws ConfigException if it is less
     */
    public ConfigLayers epochs(int epochs) {
        ObjectNode layer = ConfigTree.YAML.createObjectNode();
        ObjectNode optim = layer.putObject("optim").put("epochs", epochs);
        shorten(optim, "optim", "warmup_epochs", Math.max(0, epochs / 2));
        shorten(optim, "optim", "freeze_last_layer_epochs", Math.max(0, epochs));
        shorten(layer.putObject("teacher"), "teacher", "warmup_teacher_temp_epochs", Math.max(0, epochs));
        tree.merge("--epochs", layer);
        return this;
    }

    private void shorten(ObjectNode layer, String block, String key, int most) {
        if (tree.at(block + "." + key).asInt() > most) {
            layer.put(key, most);
        }
    }

    /**
     * The configuration of a run over images: a {@code train.OFFICIAL_EPOCH_LENGTH} of 0 becomes the steps of one pass, in each phase
     * with its own batch.
     *
     * @param images number of images
     * @throws ConfigException naming file, key, value and allowed range if a value is out of range
     */
    public RunConfig resolve(int images) {
        ConfigRules.check(tree);
        tree.resolveEpochs(images);
        return tree.resolve();
    }

    /**
     * The configuration.
     *
     * @throws ConfigException naming file, key, value and allowed range if a value is out of range
     */
    public RunConfig resolve() {
        ConfigRules.check(tree);
        return tree.resolve();
    }

    private static JsonNode value(String origin, String assignment, String text) {
        try {
            JsonNode value = ConfigTree.YAML.readTree(text);
            return value.isMissingNode() ? NullNode.getInstance() : value;
        } catch (JsonProcessingException e) {
            throw new ConfigException("%s: the value of '%s' is not YAML".formatted(origin, assignment), e);
        }
    }

    private static JsonNode resource(String name) {
        try (InputStream in = ConfigLayers.class.getResourceAsStream("/io/dino4j/train/presets/" + name + ".yaml")) {
            return ConfigTree.YAML.readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
