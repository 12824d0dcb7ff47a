package io.dino4j.zoo.onnx;

import static io.dino4j.zoo.onnx.GraphBuilder.attribute;

import io.dino4j.data.image.Normalization;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.zoo.onnx.OnnxModel.Port;
import io.dino4j.zoo.onnx.OnnxOptions.ImageSize;
import io.dino4j.zoo.onnx.OnnxOptions.Input;
import io.dino4j.zoo.onnx.OnnxOptions.WeightType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import onnx.Onnx.TensorProto;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The backbone in ONNX ops. Attention, GELU and norms are written as optimisers know them from exported PyTorch models, so that engines
 * put their fused kernels in their place. Values are named after the official modules, such as {@code blocks.0.attn.qkv}.
 */
final class VitGraph {
    private static final String IMAGES = "images";
    private static final int LAST = -1;

    private final GraphBuilder graph = new GraphBuilder();
    private final VitConfig c;
    private final Map<String, INDArray> weights;
    private final OnnxOptions options;
    private final List<Port> inputs = new ArrayList<>();
    private final List<Port> outputs = new ArrayList<>();

    /** Builds the graph; the weights are read when they are written. */
    VitGraph(VitConfig config, Map<String, INDArray> weights, OnnxOptions options) {
        this.c = config;
        this.weights = weights;
        this.options = options;
        String x = embed(images()); //                                                           [B, T, D]
        for (int i = 0; i < c.depth(); i++) {
            x = block(x, "blocks." + i + ".");
        }
        results(layerNorm(x, "norm"));
    }

    GraphBuilder graph() {
        return graph;
    }

    List<Port> inputs() {
        return inputs;
    }

    List<Port> outputs() {
        return outputs;
    }

    /** The input, normalised: {@code [B, 3, H, W]}. */
    private String images() {
        String height = options.size().map(s -> Integer.toString(s.height())).orElse("height");
        String width = options.size().map(s -> Integer.toString(s.width())).orElse("width");
        String multiples = "sides are multiples of %d pixels".formatted(c.patchSize());
        if (options.input() == Input.NORMALIZED) {
            inputs.add(new Port(
                    IMAGES,
                    "float32",
                    List.of("batch", Integer.toString(VitConfig.CHANNELS), height, width),
                    "RGB images, (v / 255 - mean) / std; " + multiples));
            graph.input(inputs.get(0));
            return IMAGES;
        }
        inputs.add(new Port(
                IMAGES,
                "uint8",
                List.of("batch", height, width, Integer.toString(VitConfig.CHANNELS)),
                "RGB images; " + multiples));
        graph.input(inputs.get(0));
        String real = graph.cast(IMAGES, "preprocess.float32", TensorProto.DataType.FLOAT);
        String planes = graph.node("Transpose", "preprocess.planes", List.of(real), attribute("perm", 0, 3, 1, 2));
        Normalization imagenet = Normalization.imagenet();
        String unit = graph.node("Div", "preprocess.unit", planes, graph.real(255));
        String centered = graph.node("Sub", "preprocess.centered", unit, channels("preprocess.mean", imagenet.mean()));
        return graph.node("Div", "preprocess.normalized", centered, channels("preprocess.std", imagenet.std()));
    }

    private String channels(String name, float[] values) {
        return graph.weight(name, new long[] {1, values.length, 1, 1}, () -> values);
    }

    /** Patches with positions, cls and registers in front: {@code [B, T, D]}. */
    private String embed(String images) {
        long d = c.embedDim();
        long p = c.patchSize();
        String proj = "patch_embed.proj";
        String weight = large(proj + ".weight", new long[] {d, VitConfig.CHANNELS, p, p}, values(proj + ".weight"));
        String grid = graph.node(
                "Conv",
                proj,
                List.of(images, weight, vector(proj + ".bias")),
                attribute("kernel_shape", p, p),
                attribute("strides", p, p)); //                                                  [B, D, h, w]
        String flat = graph.node("Reshape", "patch_embed.flat", grid, graph.integers(0, d, -1)); // [B, D, n]
        String rows = graph.node("Transpose", "patch_embed.rows", List.of(flat), attribute("perm", 0, 2, 1));
        // zeros in front, to which the prefix tokens are added: with Expand, which wants the batch, engines lose sight
        // of the shape
        String padded = graph.node("Pad", "patch_embed", rows, graph.integers(0, c.numPrefixTokens(), 0, 0, 0, 0));
        return graph.node("Add", "tokens", padded, embedding(grid)); //                          [B, T, D]
    }

    /** What is added to all tokens: prefix tokens, then the positions of patches, {@code [1, T, D]}. */
    private String embedding(String grid) {
        long d = c.embedDim();
        Positions positions = new Positions(graph, c, values("pos_embed"));
        if (options.size().isPresent()) {
            ImageSize size = options.size().get();
            int h = size.height() / c.patchSize();
            int w = size.width() / c.patchSize();
            return graph.weight("embedding", new long[] {1, c.numPrefixTokens() + (long) h * w, d}, () -> {
                float[] prefix = prefix();
                float[] rest = positions.fixed(h, w);
                float[] all = Arrays.copyOf(prefix, prefix.length + rest.length);
                System.arraycopy(rest, 0, all, prefix.length, rest.length);
                return all;
            });
        }
        String prefix = graph.weight("prefix_tokens", new long[] {1, c.numPrefixTokens(), d}, this::prefix);
        String shape = graph.node("Shape", "grid.shape", grid);
        String h = graph.node("Gather", "grid.rows", List.of(shape, graph.integer(2)), attribute("axis", 0L));
        String w = graph.node("Gather", "grid.columns", List.of(shape, graph.integer(3)), attribute("axis", 0L));
        return graph.node("Concat", "embedding", List.of(prefix, positions.dynamic(h, w)), attribute("axis", 1L));
    }

    /** The cls token with its position, and the registers, which have none. */
    private float[] prefix() {
        int d = c.embedDim();
        float[] prefix = new float[c.numPrefixTokens() * d];
        float[] cls = values("cls_token").get();
        float[] positions = values("pos_embed").get();
        for (int i = 0; i < d; i++) {
            prefix[i] = cls[i] + positions[i];
        }
        if (c.numRegisters() > 0) {
            float[] registers = values("register_tokens").get();
            System.arraycopy(registers, 0, prefix, d, registers.length);
        }
        return prefix;
    }

    private String block(String x, String b) {
        String attention = attention(layerNorm(x, b + "norm1"), b);
        String middle = graph.node("Add", b + "attn.residual", x, attention);
        String normed = layerNorm(middle, b + "norm2");
        String ffn = c.ffn() == Ffn.MLP ? mlp(normed, b) : swiGlu(normed, b);
        return graph.node("Add", b + "mlp.residual", middle, ffn);
    }

    private String attention(String x, String b) {
        long d = c.embedDim();
        long width = d / c.numHeads();
        String a = b + "attn.";
        String qkv = linear(x, a + "qkv", d, 3 * d); //                                          [B, T, 3 D]
        graph.node("Split", List.of(qkv), List.of(a + "q", a + "k", a + "v"), attribute("axis", LAST));
        String q = heads(a + "q", 0, 2, 1, 3); //                                                [B, H, T, d]
        String k = heads(a + "k", 0, 2, 3, 1); //                                                [B, H, d, T]
        String v = heads(a + "v", 0, 2, 1, 3); //                                                [B, H, T, d]
        String scaled = graph.node("Mul", a + "scaled", q, graph.real(1 / Math.sqrt(width)));
        String scores = graph.node("MatMul", a + "scores", scaled, k); //                        [B, H, T, T]
        String softmax = graph.node("Softmax", a + "softmax", List.of(scores), attribute("axis", LAST));
        String mixed = graph.node("MatMul", a + "mixed", softmax, v); //                         [B, H, T, d]
        String rows = graph.node("Transpose", a + "rows", List.of(mixed), attribute("perm", 0, 2, 1, 3));
        String tokens = graph.node("Reshape", a + "tokens", rows, graph.integers(0, 0, d)); //   [B, T, D]
        return scaledLinear(tokens, a + "proj", d, d, b + "ls1.gamma");
    }

    private String heads(String x, long... order) {
        long width = c.embedDim() / c.numHeads();
        String split = graph.node("Reshape", x + ".split", x, graph.integers(0, 0, c.numHeads(), width));
        return graph.node("Transpose", x + ".heads", List.of(split), attribute("perm", order));
    }

    private String mlp(String x, String b) {
        String h = linear(x, b + "mlp.fc1", c.embedDim(), c.hidden());
        String g = b + "mlp.act";
        String erf = graph.node("Erf", g + ".erf", graph.node("Div", g + ".div", h, graph.real(Math.sqrt(2))));
        String share = graph.node("Add", g + ".add", erf, graph.real(1));
        String twice = graph.node("Mul", g + ".mul", h, share);
        String gelu = graph.node("Mul", g, twice, graph.real(0.5));
        return scaledLinear(gelu, b + "mlp.fc2", c.hidden(), c.embedDim(), b + "ls2.gamma");
    }

    private String swiGlu(String x, String b) {
        String both = linear(x, b + "mlp.w12", c.embedDim(), 2L * c.hidden());
        String gate = b + "mlp.x1";
        String value = b + "mlp.x2";
        graph.node("Split", List.of(both), List.of(gate, value), attribute("axis", LAST));
        String silu = graph.node("Mul", gate + ".silu", gate, graph.node("Sigmoid", gate + ".sigmoid", gate));
        String hidden = graph.node("Mul", b + "mlp.hidden", silu, value);
        return scaledLinear(hidden, b + "mlp.w3", c.hidden(), c.embedDim(), b + "ls2.gamma");
    }

    private String layerNorm(String x, String name) {
        return graph.node(
                "LayerNormalization",
                name,
                List.of(x, vector(name + ".weight"), vector(name + ".bias")),
                attribute("axis", LAST),
                attribute("epsilon", (float) VitConfig.NORM_EPS));
    }

    /** {@code x W^T + b}; the weight is stored transposed, as MatMul takes it. */
    private String linear(String x, String name, long in, long out) {
        Supplier<float[]> weight = values(name + ".weight");
        String w =
                large(name + ".weight", new long[] {in, out}, () -> Transposed.of(weight.get(), (int) out, (int) in));
        String product = graph.node("MatMul", name + ".product", x, w);
        return graph.node("Add", name, product, vector(name + ".bias"));
    }

    /** {@code gamma (x W^T + b)}. In float32 gamma is folded into both; 16 bits would lose the small ones. */
    private String scaledLinear(String x, String name, long in, long out, String gamma) {
        if (options.weights() == WeightType.FLOAT16) {
            return graph.node("Mul", gamma + ".scaled", linear(x, name, in, out), vector(gamma));
        }
        Supplier<float[]> weight = values(name + ".weight");
        Supplier<float[]> bias = values(name + ".bias");
        Supplier<float[]> scale = values(gamma);
        String w = graph.weight(
                name + ".weight",
                new long[] {in, out},
                () -> Transposed.times(Transposed.of(weight.get(), (int) out, (int) in), scale.get()));
        String b = graph.weight(name + ".bias", new long[] {out}, () -> Transposed.times(bias.get(), scale.get()));
        return graph.node("Add", name, graph.node("MatMul", name + ".product", x, w), b);
    }

    private String large(String name, long[] shape, Supplier<float[]> values) {
        return options.weights() == WeightType.FLOAT16
                ? graph.halfWeight(name, shape, values)
                : graph.weight(name, shape, values);
    }

    private String vector(String name) {
        return graph.weight(name, new long[] {weights.get(name).length()}, values(name));
    }

    private Supplier<float[]> values(String name) {
        return () -> {
            try (INDArray plain =
                    weights.get(name).dup('c')) { // off the heap, where the garbage collector does not see it
                return plain.data().asFloat();
            }
        };
    }

    private void results(String tokens) {
        String d = Integer.toString(c.embedDim());
        String patches = options.size()
                .map(s -> Integer.toString((s.height() / c.patchSize()) * (s.width() / c.patchSize())))
                .orElse("num_patches");
        graph.node("Gather", "cls", List.of(tokens, graph.integer(0)), attribute("axis", 1L));
        result(new Port("cls", "float32", List.of("batch", d), "class token after the final norm"));
        slice(tokens, "patches", c.numPrefixTokens(), Long.MAX_VALUE);
        result(new Port(
                "patches", "float32", List.of("batch", patches, d), "patch tokens after the final norm, row-major"));
        if (c.numRegisters() > 0) {
            slice(tokens, "registers", 1, c.numPrefixTokens());
            String count = Integer.toString(c.numRegisters());
            result(new Port(
                    "registers", "float32", List.of("batch", count, d), "register tokens after the final norm"));
        }
    }

    private void slice(String tokens, String name, long from, long to) {
        graph.node("Slice", name, tokens, graph.integers(from), graph.integers(to), graph.integers(1));
    }

    private void result(Port port) {
        outputs.add(port);
        graph.output(port);
    }
}
