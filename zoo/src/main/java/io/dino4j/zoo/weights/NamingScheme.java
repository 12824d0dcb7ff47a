package io.dino4j.zoo.weights;

import io.dino4j.graph.vit.VitConfig;
import io.dino4j.zoo.weights.StoredParameter.Part;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The names under which the weights of a DINOv2 backbone are in the wild. The same table serves reading and writing. */
public enum NamingScheme {
    /** Of {@code facebookresearch/dinov2}; those of {@link VitConfig#parameters()}. */
    OFFICIAL("official", "official", List.of("backbone."), List.of("linear_head.")) {
        @Override
        String name(String official) {
            return official;
        }
    },

    /** Of {@code Dinov2Model} and {@code Dinov2WithRegistersModel}: query, key and value are tensors of their own. */
    HUGGING_FACE("hf", "Hugging Face", List.of("dinov2.", "dinov2_with_registers."), List.of("classifier.")) {
        @Override
        String name(String official) {
            Matcher block = BLOCK.matcher(official);
            return block.matches()
                    ? "encoder.layer.%s.%s".formatted(block.group(1), renamed(block.group(2), IN_BLOCK))
                    : renamed(official, OUTSIDE);
        }

        @Override
        StoredParameter stored(String official, long[] shape, VitConfig c) {
            if (!official.contains(QKV)) {
                return super.stored(official, shape, c);
            }
            long[] third = shape.clone();
            third[0] = c.embedDim();
            List<Part> parts = List.of("query", "key", "value").stream()
                    .map(p -> new Part(name(official).replace("qkv", p), third))
                    .toList();
            return new StoredParameter(official, shape, 0, parts);
        }
    },

    /**
     * Of {@code timm}'s {@code vit_*_patch14[_reg4]_dinov2}. There is no mask token. With registers only patches have positions: the class
     * token's own is part of the class token, whose sum is all that the network sees.
     */
    TIMM("timm", "timm", List.of(), List.of("head.")) {
        @Override
        String name(String official) {
            return official.equals(REGISTERS)
                    ? "reg_token"
                    : official.replace(".mlp.w12.", ".mlp.fc1.").replace(".mlp.w3.", ".mlp.fc2.");
        }

        @Override
        StoredParameter stored(String official, long[] shape, VitConfig c) {
            if (official.equals(MASK)) {
                return new StoredParameter(official, shape, c.embedDim(), List.of());
            }
            if (official.equals(POSITIONS) && c.numRegisters() > 0) {
                long[] patches = {1, shape[1] - 1, c.embedDim()};
                return new StoredParameter(official, shape, c.embedDim(), List.of(new Part(official, patches)));
            }
            return super.stored(official, shape, c);
        }

        @Override
        INDArray value(String official, VitConfig c, Function<String, INDArray> parameters) {
            INDArray value = parameters.apply(official);
            if (!official.equals(CLASS) || c.numRegisters() == 0) {
                return value;
            }
            INDArray positions = parameters.apply(POSITIONS);
            INDArray own = positions.reshape(positions.size(1), c.embedDim()).getRow(0);
            return value.add(own.reshape(value.shape()));
        }
    };

    static final String CLASS = "cls_token";
    static final String POSITIONS = "pos_embed";
    static final String MASK = "mask_token";
    static final String REGISTERS = "register_tokens";
    static final String PATCHES = "patch_embed.proj.weight";

    private static final String QKV = ".attn.qkv.";
    private static final Pattern BLOCK = Pattern.compile("blocks\\.(\\d+)\\.(.*)");

    /** Beginnings of official names, and what Hugging Face has in their place; what is not listed is the same. */
    private static final Map<String, String> OUTSIDE = inOrder(
            CLASS,
            "embeddings.cls_token",
            POSITIONS,
            "embeddings.position_embeddings",
            MASK,
            "embeddings.mask_token",
            REGISTERS,
            "embeddings.register_tokens",
            "patch_embed.proj.",
            "embeddings.patch_embeddings.projection.",
            "norm.",
            "layernorm.");

    /** The same inside a block. */
    private static final Map<String, String> IN_BLOCK = inOrder(
            "attn.qkv.", "attention.attention.qkv.",
            "attn.proj.", "attention.output.dense.",
            "ls1.gamma", "layer_scale1.lambda1",
            "ls2.gamma", "layer_scale2.lambda1",
            "mlp.w12.", "mlp.weights_in.",
            "mlp.w3.", "mlp.weights_out.");

    private final String option;
    private final String title;
    private final List<String> models;
    private final List<String> besides;

    NamingScheme(String option, String title, List<String> models, List<String> besides) {
        this.option = option;
        this.title = title;
        this.models = models;
        this.besides = besides;
    }

    /** One word for a command line: {@code official}, {@code hf} or {@code timm}. */
    public String option() {
        return option;
    }

    /** Its name in sentences. */
    public String title() {
        return title;
    }

    /** What a model that has the backbone as a part puts before its names. */
    List<String> models() {
        return models;
    }

    /** What a tensor beside the backbone, such as a classifier's, may start with. */
    List<String> besides() {
        return besides;
    }

    /** The name of one official parameter; of the fused query, key and value that of none, but with {@code qkv} in its place. */
    abstract String name(String official);

    /** How a file holds one parameter. */
    StoredParameter stored(String official, long[] shape, VitConfig c) {
        return StoredParameter.whole(official, shape, name(official));
    }

    /** How a file holds every parameter of a backbone, in official order. */
    final List<StoredParameter> stored(VitConfig c) {
        return c.parameters().entrySet().stream()
                .map(e -> stored(e.getKey(), e.getValue(), c))
                .toList();
    }

    /** What a file is given for an official parameter. */
    INDArray value(String official, VitConfig c, Function<String, INDArray> parameters) {
        return parameters.apply(official);
    }

    private static String renamed(String name, Map<String, String> beginnings) {
        return beginnings.entrySet().stream()
                .filter(e -> name.startsWith(e.getKey()))
                .map(e -> e.getValue() + name.substring(e.getKey().length()))
                .findFirst()
                .orElse(name);
    }

    private static Map<String, String> inOrder(String... pairs) {
        Map<String, String> map = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            map.put(pairs[i], pairs[i + 1]);
        }
        return map;
    }
}
