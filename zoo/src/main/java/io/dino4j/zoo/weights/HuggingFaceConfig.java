package io.dino4j.zoo.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * The {@code config.json} that {@code transformers} keeps beside weights. What it says is compared with the tensors; of itself it tells the
 * number of attention heads.
 */
final class HuggingFaceConfig {
    static final String FILE = "config.json";

    private static final long LARGEST = 1 << 20;
    private static final String HEADS = "num_attention_heads";
    private static final String RATIO = "mlp_ratio";
    private static final double TOLERANCE = 1e-12;
    private static final int SHOWN = 40; // characters of a value in a message
    private static final double INIT_STD = 0.02;

    private HuggingFaceConfig() {}

    /**
     * The number of attention heads that the file beside weights tells.
     *
     * @param weights the file of weights
     * @param shape what its tensors tell
     * @return empty if there is no such file, or it does not tell
     * @throws WeightsException listing everything in which it is not that of a backbone of this shape
     */
    static OptionalInt heads(Path weights, BackboneShape shape) {
        Path file = weights.resolveSibling(FILE);
        if (!Files.exists(file)) {
            return OptionalInt.empty();
        }
        ObjectNode json = StrictJson.object(file, LARGEST);
        List<String> faults = new ArrayList<>();
        identity(shape.config(1)).properties().forEach(f -> compare(json, f.getKey(), f.getValue(), faults));
        JsonNode ratio = json.path(RATIO);
        if (ratio.isNumber() && shape.ffn().hidden(shape.embedDim(), ratio.doubleValue()) != shape.hidden()) {
            faults.add("%s %s does not give the hidden width %d".formatted(RATIO, ratio, shape.hidden()));
        }
        JsonNode heads = json.path(HEADS);
        if (!heads.isMissingNode() && !divides(heads, shape.embedDim())) {
            faults.add("%s is %s, which does not divide the width %d".formatted(HEADS, heads, shape.embedDim()));
        }
        if (!faults.isEmpty()) {
            throw new WeightsException("%s: does not fit %s: %s; correct or remove it"
                    .formatted(file, weights.getFileName(), String.join("; ", faults)));
        }
        return heads.isMissingNode() ? OptionalInt.empty() : OptionalInt.of(heads.intValue());
    }

    private static boolean divides(JsonNode heads, int width) {
        return heads.isIntegralNumber()
                && heads.canConvertToInt()
                && heads.intValue() > 0
                && width % heads.intValue() == 0;
    }

    private static void compare(ObjectNode json, String name, JsonNode wanted, List<String> faults) {
        JsonNode got = json.path(name);
        boolean same = wanted.isNumber()
                ? got.isNumber() && Math.abs(got.doubleValue() - wanted.doubleValue()) <= TOLERANCE
                : got.equals(wanted);
        if (!got.isMissingNode() && !same) {
            String text = got.toString();
            faults.add("%s is %s, wanted %s"
                    .formatted(name, text.length() > SHOWN ? text.substring(0, SHOWN) + "..." : text, wanted));
        }
    }

    /** The fields that say what network it is, but for the two that have many right values. */
    private static ObjectNode identity(VitConfig c) {
        ObjectNode json = StrictJson.MAPPER.createObjectNode();
        json.put("model_type", c.numRegisters() == 0 ? "dinov2" : "dinov2_with_registers");
        json.put("hidden_size", c.embedDim());
        json.put("num_hidden_layers", c.depth());
        json.put("image_size", c.imageSize());
        json.put("patch_size", c.patchSize());
        json.put("num_channels", VitConfig.CHANNELS);
        json.put("qkv_bias", true);
        json.put("layer_norm_eps", VitConfig.NORM_EPS); // an early default was 1e-12: such a file is of other numbers
        json.put("use_swiglu_ffn", c.ffn() == Ffn.SWIGLU);
        if (c.ffn() == Ffn.MLP) {
            json.put("hidden_act", "gelu");
        }
        if (c.numRegisters() > 0) {
            json.put("num_register_tokens", c.numRegisters());
        }
        return json;
    }

    /** The text of a file for weights that are written here, with all that {@code transformers} would otherwise take from its defaults. */
    static String text(VitConfig c, WeightType type) {
        ObjectNode json = StrictJson.MAPPER.createObjectNode();
        json.putArray("architectures").add(c.numRegisters() == 0 ? "Dinov2Model" : "Dinov2WithRegistersModel");
        json.setAll(identity(c));
        json.put(HEADS, c.numHeads());
        if (c.mlpRatio() == Math.rint(c.mlpRatio())) {
            json.put(RATIO, (int) c.mlpRatio());
        } else {
            json.put(RATIO, c.mlpRatio());
        }
        json.put("hidden_act", "gelu");
        json.put("layerscale_value", c.layerScale());
        json.put("drop_path_rate", 0.0);
        json.put("hidden_dropout_prob", 0.0);
        json.put("attention_probs_dropout_prob", 0.0);
        json.put("initializer_range", INIT_STD);
        json.put("apply_layernorm", true);
        json.put("reshape_hidden_states", true);
        if (c.numRegisters() == 0) {
            json.put("use_mask_token", true);
        }
        json.put("torch_dtype", type.option());
        return json.toPrettyString() + System.lineSeparator();
    }
}
