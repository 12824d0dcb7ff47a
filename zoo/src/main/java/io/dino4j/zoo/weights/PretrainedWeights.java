package io.dino4j.zoo.weights;

import io.dino4j.graph.head.HeadConfig;
import io.dino4j.graph.kernel.PositionResampling;
import io.dino4j.graph.op.PositionEmbedding.Resize;
import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.graph.vit.VitConfig;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Trained weights to start from: a backbone under official names, with its heads if the file has them. The names may carry what official
 * training puts around them, such as {@code teacher.} and the chunk numbers of blocks; {@link OfficialNames} takes that off.
 *
 * <p>Loading is strict and says what it did: see {@link LoadReport}.
 */
public final class PretrainedWeights implements AutoCloseable {
    private static final String POSITIONS = SslConfig.BACKBONE + "pos_embed";
    private static final List<String> PARTS = List.of(SslConfig.BACKBONE, SslConfig.DINO_HEAD, SslConfig.IBOT_HEAD);

    private final TensorFile file;
    private final OfficialNames names;
    private final BackboneShape shape;

    private PretrainedWeights(TensorFile file) {
        this.file = file;
        names = OfficialNames.of(file.file(), file.tensors().keySet());
        Map<String, TensorInfo> infos = new LinkedHashMap<>();
        names.sources().forEach((name, source) -> infos.put(name, file.tensors().get(source)));
        shape = BackboneShape.of(file.file(), infos);
    }

    /**
     * Opens a file and recognises the backbone in it.
     *
     * @throws WeightsException naming the file and what is wrong: it cannot be read, or holds no backbone
     */
    public static PretrainedWeights open(Path path) {
        TensorFile file = TensorFile.open(path);
        try {
            return new PretrainedWeights(file);
        } catch (WeightsException e) {
            file.close();
            throw e;
        }
    }

    /** What the names and shapes tell of the backbone. */
    public BackboneShape backbone() {
        return shape;
    }

    /**
     * The configuration of the backbone.
     *
     * @param heads number of attention heads, which the file does not tell; empty for the official sizes
     * @throws WeightsException if it is empty and the size is none of the official ones
     */
    public VitConfig backbone(OptionalInt heads) {
        int h = heads.orElseGet(() -> shape.officialHeads()
                .orElseThrow(() -> new WeightsException(
                        "%s: a backbone of width %d is none of the official ones, and a file does not tell its number of attention heads: name the run it comes from, or say the number"
                                .formatted(file.file(), shape.embedDim()))));
        return shape.config(h);
    }

    /** The head on cls tokens, if the file has one. */
    public Optional<HeadConfig> dinoHead() {
        return head(SslConfig.DINO_HEAD);
    }

    /** The head on patch tokens, if the file has one of their own. */
    public Optional<HeadConfig> ibotHead() {
        return head(SslConfig.IBOT_HEAD);
    }

    private Optional<HeadConfig> head(String part) {
        String prototypes = names.sources().get(part + "last_layer.weight_v");
        if (prototypes == null) {
            return Optional.empty();
        }
        List<long[]> layers = names.sources().entrySet().stream()
                .filter(e -> e.getKey().startsWith(part + "mlp") && e.getKey().endsWith(".weight"))
                .map(e -> file.tensors().get(e.getValue()).shape())
                .toList();
        long[] last = file.tensors().get(prototypes).shape();
        if (layers.isEmpty() || last.length != 2 || layers.stream().anyMatch(s -> s.length != 2)) {
            throw new WeightsException("%s: '%s' is not the head of a DINOv2 model".formatted(file.file(), part));
        }
        return Optional.of(
                new HeadConfig(shape.embedDim(), (int) last[0], (int) layers.get(0)[0], (int) last[1], layers.size()));
    }

    /**
     * Fills a network: the backbone, and the heads that file and network both have. The position embedding is resampled if the network is
     * for another image size, by the rule of {@code config}; all other shapes must be the same.
     *
     * @param into written, under {@code backbone.}, {@code dino_head.} and {@code ibot_head.}; parts that the file lacks stay as they are
     * @param config the backbone of {@code into}
     * @return what was done
     * @throws WeightsException listing every difference; nothing is written then
     */
    public LoadReport load(ParameterVector into, VitConfig config) {
        LoadReport report = check(into.layout(), config);
        StrictWeights.load(new Renamed(resize(config)), into, loads(into.layout()));
        return report;
    }

    /**
     * What {@link #load} would do.
     *
     * @throws WeightsException listing every difference
     */
    public LoadReport check(ParameterLayout layout, VitConfig config) {
        shape.requireFits(file.file(), config);
        StrictWeights.check(new Renamed(resize(config)), layout, loads(layout));
        Set<String> wanted = parts(layout.names());
        Set<String> held = parts(names.sources().keySet());
        return new LoadReport(
                file.file(),
                shape,
                titles(wanted, held::contains),
                titles(wanted, p -> !held.contains(p)),
                titles(held, p -> !wanted.contains(p)),
                names.ignored(),
                Optional.of(resize(config)).filter(r -> !r.isIdentity()));
    }

    private Resize resize(VitConfig c) {
        return new Resize(
                shape.gridSize(), c.gridSize(), c.gridSize(), c.interpolateAntialias(), c.interpolateOffset());
    }

    /** What is compared and loaded: the parts that both have, and what is of no part. */
    private Predicate<String> loads(ParameterLayout layout) {
        Set<String> wanted = parts(layout.names());
        Set<String> held = parts(names.sources().keySet());
        return name -> {
            String part = part(name);
            return wanted.contains(part) && held.contains(part) || !PARTS.contains(part);
        };
    }

    private static Set<String> parts(Iterable<String> names) {
        Set<String> parts = new TreeSet<>();
        names.forEach(n -> parts.add(part(n)));
        parts.retainAll(PARTS);
        return parts;
    }

    private static String part(String name) {
        return name.substring(0, name.indexOf('.') + 1);
    }

    private static List<String> titles(Set<String> parts, Predicate<String> chosen) {
        return parts.stream()
                .filter(chosen)
                .map(p -> p.substring(0, p.length() - 1))
                .toList();
    }

    @Override
    public void close() {
        file.close();
    }

    /** The tensors under official names, the position embedding at the wanted size. */
    private final class Renamed implements TensorFile {
        private final Resize resize;
        private final Map<String, TensorInfo> infos = new LinkedHashMap<>();

        Renamed(Resize resize) {
            this.resize = resize;
            names.sources()
                    .forEach((name, source) ->
                            infos.put(name, info(name, file.tensors().get(source))));
        }

        private TensorInfo info(String name, TensorInfo t) {
            long[] to = t.shape();
            if (name.equals(POSITIONS)) {
                to = new long[] {1, 1 + (long) resize.height() * resize.width(), to[2]};
            }
            return new TensorInfo(name, t.type(), to, t.offset(), t.bytes());
        }

        @Override
        public Path file() {
            return file.file();
        }

        @Override
        public Map<String, TensorInfo> tensors() {
            return infos;
        }

        @Override
        public INDArray read(String name) {
            INDArray read = file.read(names.sources().get(name));
            return name.equals(POSITIONS) && !resize.isIdentity() ? resized(read) : read;
        }

        @Override
        public void readInto(String name, INDArray target) {
            if (name.equals(POSITIONS) && !resize.isIdentity()) {
                TensorFile.super.readInto(name, target);
            } else {
                file.readInto(names.sources().get(name), target);
            }
        }

        private INDArray resized(INDArray positions) {
            INDArray trained = positions.castTo(DataType.DOUBLE).reshape(positions.size(1), positions.size(2));
            return PositionResampling.matrix(resize, DataType.DOUBLE).mmul(trained);
        }

        @Override
        public void close() {
            // the file belongs to the weights
        }
    }
}
