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
import org.nd4j.linalg.factory.Nd4j;

/**
 * Trained weights: a backbone under any of the {@linkplain NamingScheme naming schemes} in the wild, with its heads if the file has them.
 * The names may carry what training puts around them, such as {@code teacher.} and the chunk numbers of blocks, and what a classifier puts
 * around its backbone; {@link NetworkNames} takes that off.
 *
 * <p>Loading is strict and says what it did: see {@link LoadReport}. Positions are resampled by the official rule whatever the scheme is.
 */
public final class PretrainedWeights implements AutoCloseable {
    private static final String POSITIONS = SslConfig.BACKBONE + NamingScheme.POSITIONS;
    private static final List<String> PARTS = List.of(SslConfig.BACKBONE, SslConfig.DINO_HEAD, SslConfig.IBOT_HEAD);

    private final TensorFile file;
    private final NetworkNames names;
    private final BackboneShape shape;
    private final Optional<VitConfig> told;
    private final OptionalInt heads;
    private final NetworkTensors tensors;

    private PretrainedWeights(TensorFile file, NetworkRole role) {
        this.file = file;
        names = NetworkNames.of(file.file(), file.tensors().keySet(), role);
        shape = BackboneShape.of(file.file(), names, file.tensors());
        VitConfig any = config(1); // refuses sizes that no backbone has
        told = BackboneMetadata.in(file.file(), file.metadata(), shape);
        OptionalInt beside = names.scheme() == NamingScheme.HUGGING_FACE
                ? HuggingFaceConfig.heads(file.file(), shape)
                : OptionalInt.empty();
        heads = told.isPresent() ? OptionalInt.of(told.get().numHeads()) : beside;
        tensors = NetworkTensors.of(file, names, any);
    }

    /**
     * Opens the teacher that a path stands for.
     *
     * @see #open(Path, NetworkRole)
     */
    public static PretrainedWeights open(Path path) {
        return open(path, NetworkRole.TEACHER);
    }

    /**
     * Opens a file, or the one that a folder stands for, and recognises the backbone in it.
     *
     * @param path a file, or a folder: of a run, of one of its checkpoints, or as the Hugging Face hub has them
     * @param role which network, where there are student and teacher
     * @throws WeightsException naming the file and what is wrong: it cannot be read, or holds no backbone
     */
    public static PretrainedWeights open(Path path, NetworkRole role) {
        TensorFile file = TensorFile.open(WeightFiles.find(path, role));
        try {
            return of(file, role);
        } catch (WeightsException e) {
            file.close();
            throw e;
        }
    }

    /**
     * Recognises the backbone in an open file.
     *
     * @param file closed with the result; the caller's own if this fails
     * @param role which network, where there are student and teacher
     * @throws WeightsException naming the file and what is wrong: it holds no backbone
     */
    public static PretrainedWeights of(TensorFile file, NetworkRole role) {
        return new PretrainedWeights(file, role);
    }

    /** What the names and shapes tell of the backbone. */
    public BackboneShape backbone() {
        return shape;
    }

    /** The names that the file uses. */
    public NamingScheme scheme() {
        return names.scheme();
    }

    /** Tensors of the same model that belong to no DINOv2 network, such as a classifier's, by the names of the file. */
    public List<String> beside() {
        return names.beside();
    }

    /** Number of attention heads, as far as it is told by the header, by a {@code config.json} beside the file, or by an official width. */
    public OptionalInt heads() {
        return heads.isPresent() ? heads : shape.officialHeads();
    }

    /**
     * The configuration of the backbone. Names and shapes do not tell the number of attention heads; it is taken from the header of a file
     * that was written here, else from the {@code config.json} beside a file of Hugging Face, else from the argument, else from the width if
     * that is one of the official ones.
     *
     * @param asked number of attention heads, which must not contradict the file; empty if it or its width tells
     * @throws WeightsException if nothing tells the number, or it is not possible
     */
    public VitConfig backbone(OptionalInt asked) {
        if (asked.isPresent() && heads.isPresent() && asked.getAsInt() != heads.getAsInt()) {
            throw new WeightsException("%s: has %d attention heads by its own account, not %d"
                    .formatted(file.file(), heads.getAsInt(), asked.getAsInt()));
        }
        if (told.isPresent()) {
            return told.get();
        }
        OptionalInt known = heads.isPresent() ? heads : asked.isPresent() ? asked : shape.officialHeads();
        return config(known.orElseThrow(() -> new WeightsException(
                "%s: a backbone of width %d is none of the official ones, and a file does not tell its number of attention heads: name the run it comes from, or say the number (--heads)"
                        .formatted(file.file(), shape.embedDim()))));
    }

    private VitConfig config(int numHeads) {
        try {
            return shape.config(numHeads);
        } catch (IllegalArgumentException e) {
            throw new WeightsException("%s: %s".formatted(file.file(), e.getMessage()), e);
        }
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
        try {
            int hidden = Math.toIntExact(layers.get(0)[0]);
            return Optional.of(new HeadConfig(
                    shape.embedDim(), Math.toIntExact(last[0]), hidden, Math.toIntExact(last[1]), layers.size()));
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new WeightsException("%s: '%s': %s".formatted(file.file(), part, e.getMessage()), e);
        }
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
        Predicate<String> loads = loads(into.layout());
        for (String name : into.layout().names()) {
            if (loads.test(name)) {
                read(name, config, into.view(name));
            }
        }
        return report;
    }

    /**
     * The backbone alone, as {@link io.dino4j.zoo.FeatureExtractor} takes it.
     *
     * @param config the configuration it is for, such as {@link #backbone(OptionalInt)}; positions are resampled to its image size
     * @return official names without prefix to FLOAT arrays, views of one vector
     * @throws WeightsException listing every difference
     */
    public Map<String, INDArray> parameters(VitConfig config) {
        ParameterVector vector = ParameterVector.zeros(layout(config, false), DataType.FLOAT);
        load(vector, config);
        return vector.views(SslConfig.BACKBONE);
    }

    /** Every parameter of the backbone, and those of the heads that the file has, if they are wanted. */
    ParameterLayout layout(VitConfig config, boolean withHeads) {
        Map<String, long[]> all = new LinkedHashMap<>();
        config.parameters().forEach((n, s) -> all.put(SslConfig.BACKBONE + n, s));
        if (withHeads) {
            dinoHead().ifPresent(h -> h.parameters().forEach((n, s) -> all.put(SslConfig.DINO_HEAD + n, s)));
            ibotHead().ifPresent(h -> h.parameters().forEach((n, s) -> all.put(SslConfig.IBOT_HEAD + n, s)));
        }
        return ParameterLayout.of(all);
    }

    /** Fills an array of its shape with a parameter, after {@link #check}. */
    void read(String name, VitConfig config, INDArray target) {
        Resize resize = resize(config);
        if (!name.equals(POSITIONS) || resize.isIdentity()) {
            tensors.readInto(name, target);
            return;
        }
        long trained = 1 + (long) shape.gridSize() * shape.gridSize();
        INDArray positions = Nd4j.createUninitialized(DataType.DOUBLE, trained, shape.embedDim());
        tensors.readInto(name, positions.reshape(1, trained, shape.embedDim()));
        INDArray resized = PositionResampling.matrix(resize, DataType.DOUBLE).mmul(positions);
        target.assign(resized.castTo(target.dataType()).reshape(target.shape()));
    }

    /**
     * What {@link #load} would do.
     *
     * @throws WeightsException listing every difference
     */
    public LoadReport check(ParameterLayout layout, VitConfig config) {
        shape.requireFits(file.file(), config);
        tensors.requireComplete(layout, loads(layout));
        Set<String> wanted = parts(layout.names());
        Set<String> held = parts(names.sources().keySet());
        return new LoadReport(
                file.file(),
                names.scheme(),
                shape,
                titles(wanted, held::contains),
                titles(wanted, p -> !held.contains(p)),
                titles(held, p -> !wanted.contains(p)),
                tensors.absent(),
                names.beside(),
                names.ignored(),
                Optional.of(resize(config)).filter(r -> !r.isIdentity()));
    }

    /**
     * Checks that the backbone, and the heads that the file has, are all there and nothing else is.
     *
     * @throws WeightsException listing every difference
     */
    public void requireComplete() {
        VitConfig any = told.orElseGet(() -> config(1));
        check(layout(any, true), any);
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
}
