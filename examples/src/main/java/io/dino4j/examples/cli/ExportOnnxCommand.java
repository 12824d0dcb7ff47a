package io.dino4j.examples.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.zoo.onnx.OnnxExport;
import io.dino4j.zoo.onnx.OnnxModel;
import io.dino4j.zoo.onnx.OnnxOptions;
import io.dino4j.zoo.onnx.OnnxOptions.ImageSize;
import io.dino4j.zoo.onnx.OnnxOptions.Input;
import io.dino4j.zoo.onnx.OnnxOptions.Storage;
import io.dino4j.zoo.onnx.OnnxOptions.WeightType;
import io.dino4j.zoo.weights.PretrainedWeights;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Writes a backbone as an ONNX model. */
@Command(
        name = "onnx",
        description = "Write a backbone as an ONNX model (opset 17) for ONNX Runtime, TensorRT, CoreML and others.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j export onnx --weights dinov2_vits14_pretrain.pth --out vits14.onnx",
            "  ./dino4j export onnx --weights runs/photos --out photos-224.onnx --size 224",
            "  ./dino4j export onnx --weights runs/photos --out photos.onnx --with-preprocessing --precision f16 --json",
            "",
            "The batch is always free. Outputs: cls [B, D], patches [B, n, D] and, if there are any, registers [B, R, D],",
            "all after the final norm. Weights above 1 GiB go into OUT.data beside the model; keep the two together."
        })
final class ExportOnnxCommand implements Callable<Integer> {
    private static final double MB = 1e6;

    @Option(
            names = "--weights",
            required = true,
            paramLabel = "FILE",
            description = "Weights: a file, a run (its newest teacher), or a checkpoint of one.")
    private Path weights;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "The model to write.")
    private Path out;

    @Option(
            names = "--size",
            paramLabel = "N|HxW",
            converter = SizeConverter.class,
            description = "The one size of images, in pixels. Default: any multiple of the patch size.")
    private ImageSize size;

    @Option(
            names = "--with-preprocessing",
            description = "Take images as [B, H, W, 3] of 8 bits, red first, and normalise them in the model.")
    private boolean preprocessing;

    @Option(
            names = "--precision",
            paramLabel = "f32|f16",
            defaultValue = "f32",
            description =
                    "What linear weights are stored as; f16 halves the file. Computed is in 32 bits. Default: ${DEFAULT-VALUE}.")
    private Precision precision;

    @Option(names = "--external-data", description = "Put the weights into OUT.data however small they are.")
    private boolean external;

    @Mixin
    private WeightOptions weightOptions;

    @Option(names = "--force", description = "Replace OUT if it exists.")
    private boolean force;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    /** What weights are stored as. */
    enum Precision {
        F32,
        F16
    }

    /** Such as {@code 224} or {@code 378x518}, height first. */
    static final class SizeConverter implements ITypeConverter<ImageSize> {
        private static final Pattern SIZE = Pattern.compile("(\\d{1,5})(?:x(\\d{1,5}))?");

        @Override
        public ImageSize convert(String text) {
            Matcher m = SIZE.matcher(text);
            if (!m.matches()) {
                throw new TypeConversionException(
                        "'%s' is no size; say 224, or height and width as 378x518".formatted(text));
            }
            int height = Integer.parseInt(m.group(1));
            try {
                return new ImageSize(height, m.group(2) == null ? height : Integer.parseInt(m.group(2)));
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    @Override
    public Integer call() throws Exception {
        requireFree(out);
        requireFree(OnnxModel.dataFile(out));
        try (PretrainedWeights file = PretrainedWeights.open(WeightOptions.find(weights), weightOptions.role());
                ConsoleProgress progress = new ConsoleProgress(System.err)) {
            VitConfig config = file.backbone(weightOptions.heads());
            print(OnnxExport.write(out, config, file.parameters(config), options(), progress));
        }
        return 0;
    }

    private void requireFree(Path file) {
        if (Files.exists(file) && !force) {
            throw new IllegalArgumentException("%s exists already; add --force to replace it".formatted(file));
        }
    }

    private OnnxOptions options() {
        return new OnnxOptions(
                Optional.ofNullable(size),
                preprocessing ? Input.RGB8 : Input.NORMALIZED,
                precision == Precision.F16 ? WeightType.FLOAT16 : WeightType.FLOAT32,
                external ? Storage.EXTERNAL : Storage.AUTO);
    }

    private void print(OnnxModel model) throws IOException {
        PrintWriter to = spec.commandLine().getOut();
        if (json) {
            to.println(new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(json(model)));
            return;
        }
        to.printf(
                "%s%s: %.1f MB, ONNX opset %d%n",
                model.file(),
                model.data().map(d -> " and " + d.getFileName()).orElse(""),
                model.bytes() / MB,
                OnnxModel.OPSET);
        model.inputs().forEach(p -> print("input", p));
        model.outputs().forEach(p -> print("output", p));
        if (model.data().isEmpty() && Files.exists(OnnxModel.dataFile(out))) {
            to.printf("%s is of an earlier export and no longer needed%n", OnnxModel.dataFile(out));
        }
    }

    private void print(String kind, OnnxModel.Port port) {
        spec.commandLine()
                .getOut()
                .printf(
                        "  %-6s  %-9s  %s [%s], %s%n",
                        kind, port.name(), port.type(), String.join(", ", port.shape()), port.description());
    }

    private static ObjectNode json(OnnxModel model) {
        ObjectNode node = new ObjectMapper().createObjectNode();
        node.put("model", model.file().toString());
        model.data().ifPresent(d -> node.put("data", d.toString()));
        node.put("bytes", model.bytes());
        node.put("opset", OnnxModel.OPSET);
        add(node.putArray("inputs"), model.inputs());
        add(node.putArray("outputs"), model.outputs());
        return node;
    }

    private static void add(ArrayNode to, List<OnnxModel.Port> ports) {
        for (OnnxModel.Port p : ports) {
            ObjectNode node =
                    to.addObject().put("name", p.name()).put("type", p.type()).put("description", p.description());
            ArrayNode shape = node.putArray("shape");
            p.shape().forEach(d -> addDimension(shape, d));
        }
    }

    /** A number if it is fixed, else its name. */
    private static void addDimension(ArrayNode shape, String dimension) {
        if (Character.isDigit(dimension.charAt(0))) {
            shape.add(Long.parseLong(dimension));
        } else {
            shape.add(dimension);
        }
    }
}
