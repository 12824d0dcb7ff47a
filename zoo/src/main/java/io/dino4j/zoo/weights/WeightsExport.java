package io.dino4j.zoo.weights;

import io.dino4j.data.Progress;
import io.dino4j.graph.exec.Backend;
import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.graph.vit.VitConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Writes a backbone for others to load: {@code .safetensors} in the names of a {@linkplain NamingScheme scheme}, with its configuration in
 * the header, and for Hugging Face the {@code config.json} beside it. A file appears whole or not at all; one parameter at a time is in
 * memory.
 *
 * <p>Official and Hugging Face names hold the same numbers. Files of {@code timm} have no mask token, and with registers the class token's
 * position is added to the class token: the features are the same.
 *
 * @param names the scheme
 * @param type the number format; float32 is exact
 */
public record WeightsExport(NamingScheme names, WeightType type) {
    private static final int BLOCK = 1 << 18; // numbers converted at a time

    /** One parameter with the tensors it becomes. */
    private record Item(StoredParameter stored, String prefix, String parameter) {}

    /**
     * Writes a backbone.
     *
     * @param file target; replaced if it exists, and so is a {@code config.json} beside it
     * @param config its configuration
     * @param parameters official names without prefix to FLOAT arrays
     * @throws IllegalArgumentException if a parameter is missing, or not FLOAT of its shape
     * @throws IOException if it cannot be written; the target is then what it was
     */
    public void write(Path file, VitConfig config, Map<String, INDArray> parameters) throws IOException {
        config.parameters().forEach((name, shape) -> {
            INDArray array = parameters.get(name);
            if (array == null || array.dataType() != DataType.FLOAT || !Arrays.equals(array.shape(), shape)) {
                throw new IllegalArgumentException("parameter '%s' must be FLOAT%s, got %s"
                        .formatted(
                                name,
                                Arrays.toString(shape),
                                array == null ? "none" : array.dataType() + Arrays.toString(array.shape())));
            }
        });
        write(file, config, items(config, ""), parameters::get, Progress.SILENT);
    }

    /**
     * Writes the backbone of a network.
     *
     * @param file target; replaced if it exists, and so is a {@code config.json} beside it
     * @param config its configuration
     * @param network parameters under {@code backbone.}; others are left out
     * @throws IllegalArgumentException if a parameter is missing, or not FLOAT of its shape
     * @throws IOException if it cannot be written; the target is then what it was
     */
    public void write(Path file, VitConfig config, ParameterVector network) throws IOException {
        write(file, config, network.views(SslConfig.BACKBONE));
    }

    /**
     * Converts weights.
     *
     * @param file target; replaced if it exists, and so is a {@code config.json} beside it
     * @param weights what to write
     * @param heads number of attention heads, if neither the file nor its width tells
     * @param withHeads true to write projection heads too, which official names alone have; the backbone is then under {@code backbone.}
     * @param progress told of the numbers written
     * @return what was found in the weights
     * @throws WeightsException listing everything in which the weights are not those of a backbone; nothing is written then
     * @throws IOException if it cannot be written; the target is then what it was
     */
    public LoadReport write(
            Path file, PretrainedWeights weights, OptionalInt heads, boolean withHeads, Progress progress)
            throws IOException {
        if (withHeads && names != NamingScheme.OFFICIAL) {
            throw new IllegalArgumentException("%s names have none for projection heads".formatted(names.title()));
        }
        VitConfig config = weights.backbone(heads);
        ParameterLayout layout = weights.layout(config, withHeads);
        LoadReport report = weights.check(layout, config);
        List<Item> items = items(config, withHeads ? SslConfig.BACKBONE : "");
        for (ParameterLayout.Entry e : layout.entries()) {
            if (!e.name().startsWith(SslConfig.BACKBONE)) {
                items.add(new Item(StoredParameter.whole(e.name(), e.shape(), e.name()), "", e.name()));
            }
        }
        Function<String, INDArray> read = name -> {
            String official = layout.contains(name) ? name : SslConfig.BACKBONE + name;
            INDArray array = Nd4j.createUninitialized(
                    DataType.FLOAT, layout.get(official).shape());
            weights.read(official, config, array);
            return array;
        };
        write(file, config, items, read, progress);
        return report;
    }

    private List<Item> items(VitConfig config, String prefix) {
        List<Item> items = new ArrayList<>();
        names.stored(config).forEach(p -> items.add(new Item(p, prefix, p.name())));
        return items;
    }

    private void write(
            Path file, VitConfig config, List<Item> items, Function<String, INDArray> parameters, Progress progress)
            throws IOException {
        List<TensorInfo> infos = new ArrayList<>();
        long total = 0;
        for (Item item : items) {
            for (StoredParameter.Part part : item.stored().parts()) {
                long bytes = part.length() * type.type().width();
                infos.add(new TensorInfo(item.prefix() + part.name(), type.type(), part.shape(), 0, bytes));
            }
            total += item.stored().length();
        }
        Map<String, String> metadata = new TreeMap<>(BackboneMetadata.of(config));
        metadata.put("format", "pt"); // transformers asks for it
        progress.begin("writing", 0, total);
        SafetensorsWriter.Content content = channel -> {
            long done = 0;
            for (Item item : items) {
                INDArray value = names.value(item.parameter(), config, parameters);
                if (item.stored().absent() < item.stored().length()) {
                    write(channel, item.parameter(), value, item.stored().absent());
                }
                done += item.stored().length();
                progress.advance(done, Map.of());
            }
        };
        if (names == NamingScheme.HUGGING_FACE) {
            withConfig(file, config, infos, metadata, content);
        } else {
            SafetensorsWriter.write(file, infos, metadata, content);
        }
        progress.end();
    }

    /** The small file is written first and put in its place last, so that a full disk leaves neither. */
    private void withConfig(
            Path file,
            VitConfig config,
            List<TensorInfo> infos,
            Map<String, String> metadata,
            SafetensorsWriter.Content content)
            throws IOException {
        Path beside = configFile(file);
        Path draft = beside.resolveSibling(".%s-%s.draft".formatted(beside.getFileName(), UUID.randomUUID()));
        try {
            Files.writeString(draft, HuggingFaceConfig.text(config, type), StandardCharsets.UTF_8);
            SafetensorsWriter.write(file, infos, metadata, content);
            Files.move(draft, beside, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(draft);
        }
    }

    /** The {@code config.json} beside a file of weights. */
    public static Path configFile(Path weights) {
        return weights.toAbsolutePath().resolveSibling(HuggingFaceConfig.FILE);
    }

    /** Writes the numbers of an array from one on. */
    private void write(FileChannel channel, String name, INDArray value, long from) throws IOException {
        boolean plain = value.ordering() == 'c' && !value.isView() && value.elementWiseStride() == 1;
        INDArray array = plain ? value : value.dup('c');
        ByteBuffer block = ByteBuffer.allocateDirect((int) Math.min(BLOCK, array.length() - from)
                        * type.type().width())
                .order(ByteOrder.LITTLE_ENDIAN);
        Backend.loaded().toHost(array);
        try (FloatPointer numbers = new FloatPointer(array.data().addressPointer())) {
            for (long done = from; done < array.length(); ) {
                int count = (int) Math.min(BLOCK, array.length() - done);
                FloatBuffer in = numbers.position(done).limit(done + count).asBuffer();
                block.clear();
                for (int i = 0; i < count; i++) {
                    put(name, in.get(i), block);
                }
                SafetensorsWriter.drain(channel, block.flip());
                done += count;
            }
        }
    }

    private void put(String name, float value, ByteBuffer block) {
        int at = block.position();
        type.put(value, block);
        if (Float.isInfinite(type.take(block, at)) && !Float.isInfinite(value)) {
            throw new WeightsException("'%s' holds %s, which is beyond the range of %s; choose another type"
                    .formatted(name, value, type.option()));
        }
    }
}
