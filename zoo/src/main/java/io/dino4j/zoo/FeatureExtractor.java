package io.dino4j.zoo;

import io.dino4j.graph.Precision;
import io.dino4j.graph.exec.Bindings;
import io.dino4j.graph.exec.BoundGraph;
import io.dino4j.graph.exec.Plan;
import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.kernel.WeightVersion;
import io.dino4j.graph.op.GraphOps;
import io.dino4j.graph.vit.Crops;
import io.dino4j.graph.vit.Tokens;
import io.dino4j.graph.vit.Vit;
import io.dino4j.graph.vit.VitConfig;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * A frozen backbone: normalised images in, features out. It reads the weights it was given where they are, so that the features follow
 * weights that are being trained. It serves one thread at a time; one compiled graph is kept for each size of batch and image.
 */
public final class FeatureExtractor implements AutoCloseable {
    private static final String IMAGES = "images";
    private static final String NORM = "norm";

    private final VitConfig config;
    private final Map<String, INDArray> weights;
    private final Optional<WeightVersion> version;
    private final Precision precision;
    private final List<KernelProvider> providers;
    private final Map<List<Long>, Plan> plans = new HashMap<>();

    /**
     * A backbone with given weights.
     *
     * @param config shape of the backbone
     * @param weights official names without prefix to FLOAT arrays, contiguous in C order
     * @param providers who computes the ops, the first that can
     */
    public FeatureExtractor(VitConfig config, Map<String, INDArray> weights, List<KernelProvider> providers) {
        this(config, weights, Optional.empty(), Precision.F32, providers);
    }

    /**
     * A backbone whose owner says when weights change, so that their packed copies are kept until then.
     *
     * @param config shape of the backbone
     * @param weights official names without prefix to FLOAT arrays, contiguous in C order
     * @param version the owner's word; empty if weights may change before every batch
     * @param precision what tokens are stored in; features are FLOAT all the same
     * @param providers who computes the ops, the first that can
     */
    public FeatureExtractor(
            VitConfig config,
            Map<String, INDArray> weights,
            Optional<WeightVersion> version,
            Precision precision,
            List<KernelProvider> providers) {
        GraphOps.register();
        config.parameters().keySet().forEach(name -> {
            if (!weights.containsKey(name)) {
                throw new IllegalArgumentException("the weights lack '%s'".formatted(name));
            }
        });
        this.config = config;
        this.weights = Map.copyOf(weights);
        this.version = version;
        this.precision = precision;
        this.providers = List.copyOf(providers);
    }

    /**
     * Features of images.
     *
     * @param cls {@code [B, D]}, the class token after the final norm
     * @param patches {@code [B, n, D]}, patch tokens after the final norm, row-major
     */
    public record Features(INDArray cls, INDArray patches) {}

    /** Width of a feature, {@code D}. */
    public int dimension() {
        return config.embedDim();
    }

    /**
     * Features of a batch.
     *
     * @param images {@code [B, 3, H, W]} FLOAT, normalised; sides are multiples of the patch size
     * @return arrays of the caller's own
     */
    public Features extract(INDArray images) {
        Plan plan =
                plans.computeIfAbsent(List.of(images.size(0), images.size(2), images.size(3)), s -> compile(images));
        plan.input(IMAGES).assign(images);
        plan.run();
        long b = images.size(0);
        INDArray tokens = plan.output(NORM);
        INDArray all = tokens.reshape(b, tokens.size(0) / b, config.embedDim());
        INDArray cls = all.get(NDArrayIndex.all(), NDArrayIndex.point(0), NDArrayIndex.all());
        INDArray patches = all.get(
                NDArrayIndex.all(), NDArrayIndex.interval(config.numPrefixTokens(), all.size(1)), NDArrayIndex.all());
        return new Features(ownFloats(cls).reshape(b, config.embedDim()), ownFloats(patches));
    }

    private static INDArray ownFloats(INDArray view) {
        INDArray copy = view.dup('c');
        return copy.dataType() == DataType.FLOAT ? copy : copy.castTo(DataType.FLOAT);
    }

    private Plan compile(INDArray images) {
        int height = (int) images.size(2);
        int width = (int) images.size(3);
        if (height % config.patchSize() != 0 || width % config.patchSize() != 0) {
            throw new IllegalArgumentException("images of %d x %d pixels do not split into patches of %d"
                    .formatted(height, width, config.patchSize()));
        }
        return Plan.compile(
                graph(config, precision, (int) images.size(0), height, width),
                List.of(NORM),
                Map.of(),
                new Bindings(weights, Map.of(), version),
                providers,
                Collective.ALONE);
    }

    private static SameDiff graph(VitConfig config, Precision precision, int images, int height, int width) {
        SameDiff sd = BoundGraph.create();
        SDVariable x = sd.placeHolder(IMAGES, DataType.FLOAT, images, VitConfig.CHANNELS, height, width);
        Vit vit = new Vit(sd, config, "", precision);
        Tokens tokens = vit.forward(List.of(new Crops(x, images, height, width)));
        vit.norm(tokens.prenorm()).rename(NORM);
        return sd;
    }

    /**
     * Bytes of the intermediate arrays for square images, found without taking them; kernels need scratch memory beside.
     *
     * @param precision what tokens are stored in
     * @param images in a batch
     * @param size pixels on a side, a multiple of the patch size
     */
    public static long bytes(VitConfig config, Precision precision, int images, int size) {
        GraphOps.register();
        return Plan.measure(graph(config, precision, images, size, size), List.of(NORM), Map.of(), Set.of(), List.of())
                .arenaBytes();
    }

    @Override
    public void close() {
        plans.values().forEach(Plan::close);
        plans.clear();
    }
}
