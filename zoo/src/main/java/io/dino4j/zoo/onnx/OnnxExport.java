package io.dino4j.zoo.onnx;

import io.dino4j.data.Progress;
import io.dino4j.data.image.Normalization;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.zoo.onnx.OnnxOptions.ImageSize;
import io.dino4j.zoo.onnx.OnnxOptions.Input;
import io.dino4j.zoo.onnx.OnnxOptions.Storage;
import io.dino4j.zoo.onnx.OnnxOptions.WeightType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import onnx.Onnx.ModelProto;
import onnx.Onnx.OperatorSetIdProto;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Writes a backbone as an ONNX model of opset 17. What it computes is what {@link io.dino4j.zoo.FeatureExtractor} does, to rounding.
 *
 * <ul>
 *   <li>input {@code images}: {@code [B, 3, H, W]} float32, or {@code [B, H, W, 3]} uint8, see {@link Input};
 *   <li>output {@code cls}: {@code [B, D]}, the class token after the final norm;
 *   <li>output {@code patches}: {@code [B, n, D]}, the patch tokens after it, row-major;
 *   <li>output {@code registers}: {@code [B, R, D]}, if the backbone has register tokens.
 * </ul>
 *
 * <p>The batch is free; so are height and width unless they are fixed. Both must be multiples of the patch size: ONNX has no way to refuse
 * others, so the model leaves out the pixels at the right and lower border that fill no patch.
 */
public final class OnnxExport {
    /** The format version that goes with opset 17. */
    private static final long IR_VERSION = 8;

    /** Positions of one fixed size are one constant, and a Java array. */
    private static final long LARGEST_POSITIONS = 1L << 28;

    private OnnxExport() {}

    /**
     * Writes a model, and a file of weights beside it if they are large. Neither is there, or changed, if it fails.
     *
     * @param file target; replaced if it exists, as is {@link OnnxModel#dataFile}
     * @param config shape of the backbone
     * @param weights official names without prefix to real arrays; the mask token is not needed
     * @param options kind of model
     * @param progress told of megabytes written
     * @throws IllegalArgumentException if a weight is missing or of another shape, or the size does not split into patches
     * @throws IOException if it cannot be written
     */
    public static OnnxModel write(
            Path file, VitConfig config, Map<String, INDArray> weights, OnnxOptions options, Progress progress)
            throws IOException {
        Path target = file.toAbsolutePath();
        requireFolder(target);
        requireWhole(config, weights);
        options.size().ifPresent(s -> requirePatches(s, config));
        VitGraph vit = new VitGraph(config, Map.copyOf(weights), options);
        vit.graph().graph().setName("dinov2").setDocString(describe(config));
        ModelWriter writer = new ModelWriter(vit.graph(), frame(config, options), progress);
        boolean beside = options.storage() == Storage.EXTERNAL || writer.weightBytes() > ModelWriter.LARGEST_INSIDE;
        Optional<Path> data = beside ? Optional.of(OnnxModel.dataFile(file)) : Optional.empty();
        if (beside) {
            writer.writeBeside(target, OnnxModel.dataFile(target));
        } else {
            writer.writeInside(target);
        }
        long bytes = Files.size(target) + (beside ? Files.size(OnnxModel.dataFile(target)) : 0);
        return new OnnxModel(file, data, bytes, vit.inputs(), vit.outputs());
    }

    private static void requireFolder(Path target) throws IOException {
        if (Files.isDirectory(target)) {
            throw new IllegalArgumentException("%s is a folder; name a file for the model".formatted(target));
        }
        Path folder = target.getParent();
        if (!Files.exists(folder)) {
            throw new NoSuchFileException(folder.toString(), null, "no such folder");
        }
        if (!Files.isDirectory(folder)) {
            throw new NotDirectoryException(folder.toString());
        }
    }

    private static void requireWhole(VitConfig config, Map<String, INDArray> weights) {
        config.parameters().forEach((name, shape) -> {
            INDArray w = weights.get(name);
            if (w == null && !name.equals("mask_token")) {
                throw new IllegalArgumentException("the weights lack '%s'".formatted(name));
            }
            if (w != null && !(w.dataType().isFPType() && Arrays.equals(w.shape(), shape))) {
                throw new IllegalArgumentException("'%s' is %s %s, expected real numbers %s"
                        .formatted(name, w.dataType(), Arrays.toString(w.shape()), Arrays.toString(shape)));
            }
        });
    }

    private static void requirePatches(ImageSize size, VitConfig config) {
        int p = config.patchSize();
        if (size.height() % p != 0 || size.width() % p != 0) {
            throw new IllegalArgumentException(
                    "images of %s pixels do not split into patches of %d; the nearest that do: %s"
                            .formatted(size, p, new ImageSize(nearest(size.height(), p), nearest(size.width(), p))));
        }
        long patches = (long) (size.height() / p) * (size.width() / p);
        if (patches * config.embedDim() > LARGEST_POSITIONS / Float.BYTES) {
            throw new IllegalArgumentException(
                    "images of %s pixels are %d patches, whose positions take more than 256 MiB"
                            .formatted(size, patches));
        }
    }

    private static int nearest(int side, int patch) {
        return Math.max(patch, Math.round((float) side / patch) * patch);
    }

    private static ModelProto frame(VitConfig config, OnnxOptions options) {
        ModelProto.Builder frame = ModelProto.newBuilder()
                .setIrVersion(IR_VERSION)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(OnnxModel.OPSET))
                .setProducerName("dino4j")
                .setProducerVersion(version())
                .setDocString(describe(config));
        metadata(config, options).forEach((key, value) -> frame.addMetadataProps(ModelWriter.entry(key, value)));
        return frame.build();
    }

    private static String version() {
        String version = OnnxExport.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    private static String describe(VitConfig c) {
        return "DINOv2 backbone: ViT of width %d, %d blocks, %d heads, %s of %d, patches of %d pixels, %d registers"
                .formatted(c.embedDim(), c.depth(), c.numHeads(), c.ffn(), c.hidden(), c.patchSize(), c.numRegisters());
    }

    private static Map<String, String> metadata(VitConfig c, OnnxOptions options) {
        Normalization imagenet = Normalization.imagenet();
        Map<String, String> m = new LinkedHashMap<>();
        m.put("architecture", "dinov2_vit");
        m.put("embed_dim", Integer.toString(c.embedDim()));
        m.put("depth", Integer.toString(c.depth()));
        m.put("num_heads", Integer.toString(c.numHeads()));
        m.put("ffn", c.ffn().name().toLowerCase(Locale.ROOT));
        m.put("ffn_hidden_dim", Integer.toString(c.hidden()));
        m.put("patch_size", Integer.toString(c.patchSize()));
        m.put("num_register_tokens", Integer.toString(c.numRegisters()));
        m.put("trained_image_size", Integer.toString(c.imageSize()));
        m.put("image_size", options.size().map(ImageSize::toString).orElse("any multiple of the patch size"));
        m.put("weights", options.weights() == WeightType.FLOAT16 ? "float16" : "float32");
        m.put("mean", numbers(imagenet.mean()));
        m.put("std", numbers(imagenet.std()));
        m.put("preprocessing", preprocessing(options));
        return m;
    }

    private static String preprocessing(OnnxOptions options) {
        String resize = "RGB; bicubic resize, then crop, to sides that are multiples of the patch size";
        return options.input() == Input.RGB8
                ? resize + "; the model normalises"
                : resize + "; then (v / 255 - mean) / std, channels first";
    }

    private static String numbers(float[] values) {
        return IntStream.range(0, values.length)
                .mapToObj(i -> Float.toString(values[i]))
                .collect(Collectors.joining(", "));
    }
}
