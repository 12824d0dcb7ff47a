package io.dino4j.examples.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dino4j.graph.head.HeadConfig;
import io.dino4j.zoo.weights.BackboneShape;
import io.dino4j.zoo.weights.PretrainedWeights;
import io.dino4j.zoo.weights.TensorFile;
import io.dino4j.zoo.weights.TensorInfo;
import io.dino4j.zoo.weights.WeightFiles;
import io.dino4j.zoo.weights.WeightsException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.nd4j.linalg.api.buffer.DataType;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows what a file of weights holds. */
@Command(
        name = "inspect",
        description = "Show what a file of weights holds: format, names, architecture, tensors.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j inspect dinov2_vits14_pretrain.pth",
            "  ./dino4j inspect runs/photos --tensors",
            "  ./dino4j inspect model.safetensors --json",
            "",
            "Any .safetensors file or PyTorch checkpoint can be shown, whether it holds a DINOv2 model or not."
        })
final class InspectCommand implements Callable<Integer> {
    /** PyTorch's names for types whose names here are others. */
    private static final Map<DataType, String> TYPES = Map.of(
            DataType.FLOAT, "float32",
            DataType.DOUBLE, "float64",
            DataType.FLOAT16, "float16",
            DataType.INT64, "int64",
            DataType.INT32, "int32",
            DataType.INT16, "int16",
            DataType.INT8, "int8",
            DataType.UINT8, "uint8");

    @Parameters(
            paramLabel = "PATH",
            description =
                    "A .pth or .safetensors file, a run, a checkpoint of one, or a folder of the Hugging Face hub.")
    private Path path;

    @Option(names = "--tensors", description = "List every tensor: name, type, shape, bytes.")
    private boolean tensors;

    @Option(names = "--json", description = "Print JSON, with every tensor.")
    private boolean json;

    @Mixin
    private WeightOptions options;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        Path file = WeightFiles.find(path, options.role());
        try (TensorFile open = TensorFile.open(file)) {
            Optional<PretrainedWeights> network = Optional.empty();
            String reason = "";
            try {
                PretrainedWeights found = PretrainedWeights.of(open, options.role());
                found.requireComplete();
                network = Optional.of(found);
            } catch (WeightsException e) {
                reason = e.getMessage();
            }
            PrintWriter out = spec.commandLine().getOut();
            if (json) {
                ObjectNode node = json(open, network, reason);
                out.println(new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(node));
            } else {
                print(out, open, network, reason);
            }
            out.flush();
        }
        return 0;
    }

    private void print(PrintWriter out, TensorFile file, Optional<PretrainedWeights> network, String reason) {
        line(out, "file", file.file() + ", " + file.format());
        line(out, "tensors", "%d, %s, %.1f MB".formatted(file.tensors().size(), types(file), bytes(file) / 1e6));
        if (network.isPresent()) {
            print(out, network.get());
        } else {
            line(out, "model", "no DINOv2 backbone that can be used");
            line(out, "why", reason);
        }
        file.metadata().forEach((key, value) -> line(out, "metadata", key + " = " + value));
        if (tensors) {
            out.println();
            int name = file.tensors().keySet().stream()
                    .mapToInt(n -> shown(n).length())
                    .max()
                    .orElse(0);
            for (TensorInfo t : file.tensors().values()) {
                String row = "%%-%ds  %%-8s  %%-20s %%12d%%n".formatted(Math.max(1, name));
                out.printf(row, shown(t.name()), type(t), Arrays.toString(t.shape()), t.bytes());
            }
        }
    }

    private void print(PrintWriter out, PretrainedWeights network) {
        BackboneShape shape = network.backbone();
        line(
                out,
                "model",
                "%s, %.1f million parameters, %s names"
                        .formatted(
                                shape.title(),
                                shape.parameters() / 1e6,
                                network.scheme().title()));
        line(
                out,
                "backbone",
                "width %d, %d blocks, %s of %d, positions for %d x %d pixels"
                        .formatted(
                                shape.embedDim(),
                                shape.depth(),
                                shape.ffn(),
                                shape.hidden(),
                                shape.gridSize() * shape.patchSize(),
                                shape.gridSize() * shape.patchSize()));
        line(
                out,
                "heads",
                network.heads().isPresent()
                        ? String.valueOf(network.heads().getAsInt())
                        : "not told by the file; name them with --heads where it is used");
        network.dinoHead().ifPresent(h -> line(out, "dino_head", head(h)));
        network.ibotHead().ifPresent(h -> line(out, "ibot_head", head(h)));
        if (!network.beside().isEmpty()) {
            line(out, "beside", String.join(", ", network.beside()));
        }
    }

    private static String head(HeadConfig h) {
        return "%d prototypes, %d layers of %d, bottleneck %d"
                .formatted(h.prototypes(), h.layers(), h.hiddenDim(), h.bottleneckDim());
    }

    private static void line(PrintWriter out, String what, String text) {
        out.printf("%-10s %s%n", what, shown(text));
    }

    /** What a file says of itself must not speak to the terminal. */
    static String shown(String text) {
        return text.replaceAll("[\\p{Cntrl}\\u0080-\\u009f\\u2028\\u2029]", "?");
    }

    private static String type(TensorInfo t) {
        return TYPES.getOrDefault(t.type(), t.type().name().toLowerCase(Locale.ROOT));
    }

    private static long bytes(TensorFile file) {
        return file.tensors().values().stream().mapToLong(TensorInfo::bytes).sum();
    }

    private static String types(TensorFile file) {
        Map<String, Integer> counts = new TreeMap<>();
        file.tensors().values().forEach(t -> counts.merge(type(t), 1, Integer::sum));
        return counts.size() == 1
                ? counts.keySet().iterator().next()
                : String.join(
                        ", ",
                        counts.entrySet().stream()
                                .map(e -> e.getValue() + " " + e.getKey())
                                .toList());
    }

    private ObjectNode json(TensorFile file, Optional<PretrainedWeights> network, String reason) {
        ObjectNode node = new ObjectMapper().createObjectNode();
        node.put("file", file.file().toString());
        node.put("format", file.format());
        node.put("dtype", types(file));
        node.put("bytes", bytes(file));
        node.put("dinov2", network.isPresent());
        if (network.isPresent()) {
            describe(node, network.get());
        } else {
            node.put("reason", reason);
        }
        ObjectNode metadata = node.putObject("metadata");
        file.metadata().forEach(metadata::put);
        ArrayNode list = node.putArray("tensors");
        for (TensorInfo t : file.tensors().values()) {
            ObjectNode entry = list.addObject();
            entry.put("name", t.name()).put("dtype", type(t));
            Arrays.stream(t.shape()).forEach(entry.putArray("shape")::add);
            entry.put("bytes", t.bytes());
        }
        return node;
    }

    private static void describe(ObjectNode node, PretrainedWeights network) {
        BackboneShape shape = network.backbone();
        node.put("names", network.scheme().option());
        ObjectNode model = node.putObject("backbone");
        model.put("title", shape.title());
        model.put("parameters", shape.parameters());
        model.put("embed_dim", shape.embedDim());
        model.put("depth", shape.depth());
        model.put("patch_size", shape.patchSize());
        model.put("image_size", shape.gridSize() * shape.patchSize());
        model.put("ffn", shape.ffn().name().toLowerCase(Locale.ROOT));
        model.put("hidden", shape.hidden());
        model.put("registers", shape.numRegisters());
        network.heads().ifPresent(h -> model.put("heads", h));
        network.dinoHead().ifPresent(h -> node.put("dino_head_prototypes", h.prototypes()));
        network.ibotHead().ifPresent(h -> node.put("ibot_head_prototypes", h.prototypes()));
        network.beside().forEach(node.putArray("beside")::add);
    }
}
