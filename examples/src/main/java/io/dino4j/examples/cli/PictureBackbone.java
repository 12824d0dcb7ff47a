package io.dino4j.examples.cli;

import io.dino4j.data.image.Image;
import io.dino4j.data.image.Normalization;
import io.dino4j.graph.Precision;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.kernel.WeightVersion;
import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.train.Recipe;
import io.dino4j.train.RunDirectory;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.zoo.FeatureExtractor;
import io.dino4j.zoo.PatchFeatures;
import io.dino4j.zoo.picture.AttentionMaps;
import io.dino4j.zoo.weights.PretrainedWeights;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The trained backbone that pictures are made of: the one place where these commands open weights and run a network. */
final class PictureBackbone implements AutoCloseable {
    /** Image sizes whose compiled graphs are kept: photos have many shapes, and each takes memory. */
    private static final int KEPT_SIZES = 6;

    /** Patches on the longer side of a picture by official weights, which were trained up to this grid. */
    private static final int OFFICIAL_GRID = 37;

    /** How much finer than its training a small network still makes sense of. */
    private static final int FINER = 3;

    private final VitConfig config;
    private final Map<String, INDArray> weights;
    private final List<KernelProvider> providers;
    private final Normalization normalization = Normalization.imagenet();
    private final WeightVersion version = new WeightVersion();
    private final Set<List<Integer>> sizes = new HashSet<>();
    private FeatureExtractor extractor;

    private PictureBackbone(VitConfig config, Map<String, INDArray> weights, List<KernelProvider> providers) {
        this.config = config;
        this.weights = weights;
        this.providers = providers;
        extractor = extractor();
    }

    /**
     * Opens weights.
     *
     * @param path a file, or the folder of a run, whose newest teacher is used
     * @param heads number of attention heads; empty for official sizes, and for a run, which knows it
     */
    static PictureBackbone open(Path path, OptionalInt heads, List<KernelProvider> providers) {
        try (PretrainedWeights file = PretrainedWeights.open(RunDirectory.weights(path))) {
            VitConfig config =
                    RunDirectory.holdsRun(path) ? ofRun(path, file.backbone().gridSize(), heads) : file.backbone(heads);
            Map<String, long[]> shapes = new LinkedHashMap<>();
            config.parameters().forEach((name, shape) -> shapes.put(SslConfig.BACKBONE + name, shape));
            ParameterVector into = ParameterVector.zeros(ParameterLayout.of(shapes), DataType.FLOAT);
            file.load(into, config);
            return new PictureBackbone(config, into.views(SslConfig.BACKBONE), providers);
        }
    }

    private static VitConfig ofRun(Path run, int gridSize, OptionalInt heads) {
        VitConfig config = Recipe.backbone(
                ConfigLayers.defaults().file(run.resolve("config.yaml")).resolve());
        if (heads.isPresent() && heads.getAsInt() != config.numHeads()) {
            throw new IllegalArgumentException(
                    "--heads: the run %s has %d heads, not %d".formatted(run, config.numHeads(), heads.getAsInt()));
        }
        return config.withImageSize(gridSize * config.patchSize());
    }

    private FeatureExtractor extractor() {
        return new FeatureExtractor(config, weights, Optional.of(version), Precision.F32, providers);
    }

    /** Pixels on a patch's side. */
    int patchSize() {
        return config.patchSize();
    }

    /** Number of blocks. */
    int depth() {
        return config.depth();
    }

    /** Pixels of the longer side that pictures are legible at, and that the network still understands. */
    int usualSize() {
        return Math.min(OFFICIAL_GRID, FINER * config.gridSize()) * config.patchSize();
    }

    /** Bytes of the features of a square image. */
    long featureBytes(int size) {
        long side = size / config.patchSize();
        return (side * side + 1) * config.embedDim() * Float.BYTES;
    }

    /** Features of one image whose sides are multiples of the patch size. */
    PatchFeatures features(Image image) {
        if (sizes.add(List.of(image.height(), image.width())) && sizes.size() > KEPT_SIZES) {
            sizes.clear();
            sizes.add(List.of(image.height(), image.width()));
            extractor.close();
            extractor = extractor();
        }
        INDArray input = input(image);
        FeatureExtractor.Features f = extractor.extract(input);
        float[] cls = f.cls().data().asFloat();
        float[] patches = f.patches().data().asFloat();
        List.of(input, f.cls(), f.patches()).forEach(INDArray::close); // native memory must not wait for the collector
        int p = config.patchSize();
        return new PatchFeatures(image.height() / p, image.width() / p, config.embedDim(), cls, patches);
    }

    /** Attention of the cls token in one block. */
    AttentionMaps attention(Image image, int block) {
        return AttentionMaps.of(config, weights, input(image), block, providers);
    }

    private INDArray input(Image image) {
        float[] chw = new float[image.rgb().length];
        normalization.write(image, chw);
        return Nd4j.createFromArray(chw).reshape(1, VitConfig.CHANNELS, image.height(), image.width());
    }

    @Override
    public void close() {
        extractor.close();
    }
}
