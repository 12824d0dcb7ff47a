package io.dino4j.zoo.model;

import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.zoo.download.Release;
import io.dino4j.zoo.weights.BackboneShape;
import io.dino4j.zoo.weights.PretrainedWeights;
import io.dino4j.zoo.weights.WeightsException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.distribution.NormalDistribution;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.wrapper.BaseWrapperLayer;
import org.deeplearning4j.nn.weights.WeightInitDistribution;
import org.deeplearning4j.zoo.ModelMetaData;
import org.deeplearning4j.zoo.PretrainedType;
import org.deeplearning4j.zoo.ZooModel;
import org.deeplearning4j.zoo.ZooType;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * A released DINOv2 backbone as a model of DL4J's zoo: a {@link ComputationGraph} of the input {@code images} ({@code [B, 3, H, W]},
 * normalised), the layer {@code backbone} ({@link BackboneLayer}), and, if a number of classes is given, the output layer
 * {@code classifier}. Without classes the backbone is the output: {@code output(images)} are features, and
 * {@code TransferLearning} puts something on top.
 *
 * <p>The classes differ in size only: {@link Dinov2VitS14}, {@link Dinov2VitB14}, {@link Dinov2VitL14}, {@link Dinov2VitG14} and those with
 * four register tokens, {@link Dinov2VitS14Reg4}, {@link Dinov2VitB14Reg4}, {@link Dinov2VitL14Reg4}, {@link Dinov2VitG14Reg4}.
 * {@link Dinov2OfFile} takes a backbone of any size from a file or a run of one's own.
 */
@SuppressWarnings("deprecation") // ModelMetaData is, but DL4J's interface asks for it
public abstract sealed class Dinov2ZooModel extends ZooModel<ComputationGraph>
        permits Dinov2VitS14,
                Dinov2VitB14,
                Dinov2VitL14,
                Dinov2VitG14,
                Dinov2VitS14Reg4,
                Dinov2VitB14Reg4,
                Dinov2VitL14Reg4,
                Dinov2VitG14Reg4,
                Dinov2OfFile {
    /** Name of the input. */
    public static final String IMAGES = "images";

    /** Name of the backbone's layer. */
    public static final String BACKBONE = "backbone";

    /** Name of the output layer, if there are classes. */
    public static final String CLASSIFIER = "classifier";

    private static final int DEFAULT_SIZE = 224;

    /** Start values of the official linear classifier (official {@code eval/linear.py}). */
    private static final double CLASSIFIER_STD = 0.01;

    private final VitConfig config;
    private final Optional<Release> release;
    private final Builder<?> options;
    private int height;
    private int width;

    Dinov2ZooModel(Release release, Builder<?> options) {
        this(release.config(), Optional.of(release), options);
    }

    Dinov2ZooModel(VitConfig config, Optional<Release> release, Builder<?> options) {
        this.config = config;
        this.release = release;
        this.options = options;
        height = options.size;
        width = options.size;
    }

    /** A network with random weights. */
    @Override
    @SuppressWarnings("unchecked") // DL4J's own signature; a ComputationGraph in any case
    public final <M extends Model> M init() {
        return (M) random(config);
    }

    private ComputationGraph random(VitConfig vit) {
        ComputationGraph network = new ComputationGraph(configuration(vit));
        network.init();
        return network;
    }

    private ComputationGraphConfiguration configuration(VitConfig vit) {
        boolean frozen = options.numClasses > 0 && options.tuning instanceof Tuning.Frozen;
        BackboneLayer backbone = new BackboneLayer.Builder(vit)
                .output(options.output)
                .tuning(options.tuning)
                .bf16(options.bf16)
                .build();
        NeuralNetConfiguration.Builder all = new NeuralNetConfiguration.Builder()
                .seed(options.seed)
                .dataType(options.type)
                .updater(options.updater);
        if (options.weightDecay > 0) {
            all.weightDecay(options.weightDecay); // times the rate, after the updater: with Adam that is AdamW
        }
        ComputationGraphConfiguration.GraphBuilder graph = all.graphBuilder()
                .addInputs(IMAGES)
                .setInputTypes(InputType.convolutional(height, width, VitConfig.CHANNELS))
                .addLayer(BACKBONE, frozen ? new FrozenLayer(backbone) : backbone, IMAGES);
        if (options.numClasses == 0) {
            return graph.setOutputs(BACKBONE).build();
        }
        OutputLayer classifier = new OutputLayer.Builder(LossFunction.MCXENT)
                .nIn(backbone.dimension())
                .nOut(options.numClasses)
                .activation(Activation.SOFTMAX)
                .weightInit(new WeightInitDistribution(new NormalDistribution(0, CLASSIFIER_STD)))
                .build();
        return graph.addLayer(CLASSIFIER, classifier, BACKBONE)
                .setOutputs(CLASSIFIER)
                .build();
    }

    /**
     * The released weights, fetched into DL4J's cache if need be.
     *
     * @throws IOException if they cannot be fetched; what has arrived is kept for the next try
     */
    @Override
    public final ComputationGraph initPretrained() throws IOException {
        return initPretrained(options.file.isPresent() ? options.file.get() : fetch());
    }

    /**
     * The released weights. DL4J's list of data sets lacks the paper's, LVD-142M: {@code IMAGENET} stands for it, whose statistics images
     * are normalised with.
     *
     * @throws UnsupportedOperationException for other data sets
     * @throws IOException if they cannot be fetched; what has arrived is kept for the next try
     */
    @Override
    @SuppressWarnings("unchecked") // DL4J's own signature; a ComputationGraph in any case
    public final <M extends Model> M initPretrained(PretrainedType type) throws IOException {
        if (pretrainedUrl(type) == null) {
            throw new UnsupportedOperationException(
                    "%s is released for IMAGENET only, which stands for LVD-142M; got %s".formatted(modelName(), type));
        }
        return (M) initPretrained();
    }

    private Path fetch() throws IOException {
        return release.orElseThrow(() -> new UnsupportedOperationException("no file of weights is named"))
                .fetch(options.mirror, options.sha256);
    }

    /**
     * Weights that are here already.
     *
     * @param weights anything that {@link PretrainedWeights#open} reads: a {@code .pth} or {@code .safetensors} file of any naming
     *     scheme, or a run of one's own
     * @throws WeightsException naming the file and what is wrong, such as a backbone of another size
     */
    public final ComputationGraph initPretrained(Path weights) {
        VitConfig wanted = config;
        try (PretrainedWeights file = PretrainedWeights.open(weights)) {
            BackboneShape held = file.backbone();
            BackboneShape fits = new BackboneShape(
                    wanted.embedDim(),
                    wanted.depth(),
                    wanted.patchSize(),
                    wanted.ffn(),
                    wanted.hidden(),
                    wanted.numRegisters(),
                    held.gridSize());
            if (!held.equals(fits)) {
                throw new WeightsException("%s: holds a %s, but %s is a %s"
                        .formatted(weights, held.title(), getClass().getSimpleName(), fits.title()));
            }
            VitConfig found = file.backbone(OptionalInt.of(wanted.numHeads()));
            ComputationGraph network = random(found);
            file.load(backboneOf(network, found), found);
            return network;
        }
    }

    /** The backbone's part of the network's own parameters, under {@code backbone.}. */
    private static ParameterVector backboneOf(ComputationGraph network, VitConfig vit) {
        Map<String, long[]> named = new LinkedHashMap<>();
        vit.parameters().forEach((name, shape) -> named.put(SslConfig.BACKBONE + name, shape));
        ParameterLayout layout = ParameterLayout.of(named);
        INDArray all = layer(network).params();
        return ParameterVector.over(layout, all.reshape(all.length()).get(NDArrayIndex.interval(0, layout.length())));
    }

    private static BackboneNetwork layer(ComputationGraph network) {
        Layer layer = network.getLayer(BACKBONE);
        while (layer instanceof BaseWrapperLayer wrapper) {
            layer = wrapper.getUnderlying();
        }
        if (!(layer instanceof BackboneNetwork backbone)) {
            throw new IllegalArgumentException(
                    "the network has no backbone of DINOv2 under the name '" + BACKBONE + "'");
        }
        return backbone;
    }

    /**
     * The weights of the backbone in a network, low-rank adapters merged, to write or to use elsewhere.
     *
     * @param network made by a model of this class, maybe trained since
     * @return official names without prefix to arrays, which follow the network's until adapters are trained further
     * @throws IllegalArgumentException if it has no backbone of DINOv2
     */
    public static Map<String, INDArray> weights(ComputationGraph network) {
        return layer(network).weights();
    }

    /**
     * The backbone in a network.
     *
     * @throws IllegalArgumentException if it has none of DINOv2
     */
    public static VitConfig vit(ComputationGraph network) {
        return layer(network).layerConf().vit();
    }

    /** Address of the released weights for {@code IMAGENET}, which stands for LVD-142M; null, as DL4J has it, for other data sets. */
    @Override
    public final String pretrainedUrl(PretrainedType type) {
        return release.filter(r -> type == PretrainedType.IMAGENET)
                .map(r -> r.address(options.mirror).toString())
                .orElse(null);
    }

    /** 0, DL4J's word for unknown: this check is an Adler-32; see {@link Builder#sha256}. */
    @Override
    public final long pretrainedChecksum(PretrainedType type) {
        return 0;
    }

    @Override
    public final Class<? extends Model> modelType() {
        return ComputationGraph.class;
    }

    @Override
    public final ModelMetaData metaData() {
        return new ModelMetaData(new int[][] {{VitConfig.CHANNELS, height, width}}, 1, ZooType.CNN);
    }

    /**
     * The size of images.
     *
     * @param shape one input: {@code {3, height, width}}, multiples of 14
     */
    @Override
    public final void setInputShape(int[][] shape) {
        if (shape.length != 1 || shape[0].length != 3 || shape[0][0] != VitConfig.CHANNELS) {
            throw new IllegalArgumentException("expected one input of {3, height, width}");
        }
        height = shape[0][1];
        width = shape[0][2];
    }

    /**
     * Options of a model.
     *
     * @param <T> the model
     */
    public static final class Builder<T extends Dinov2ZooModel> {
        private final Function<Builder<T>, T> constructor;
        private int numClasses;
        private int size = DEFAULT_SIZE;
        private BackboneLayer.Output output = BackboneLayer.Output.CLS;
        private Tuning tuning = new Tuning.Frozen();
        private IUpdater updater = new Adam(1e-3);
        private double weightDecay;
        private long seed = 1;
        private DataType type = DataType.FLOAT;
        private boolean bf16;
        private URI mirror = Release.ORIGIN;
        private Optional<Path> file = Optional.empty();
        private Optional<String> sha256 = Optional.empty();

        Builder(Function<Builder<T>, T> constructor) {
            this.constructor = constructor;
        }

        /** Classes of the classifier; 0, the default, for features alone. */
        public Builder<T> numClasses(int n) {
            numClasses = n;
            return this;
        }

        /** Pixels on an image's side, a multiple of 14; 224 by default. Positions are interpolated by the official rule. */
        public Builder<T> imageSize(int pixels) {
            size = pixels;
            return this;
        }

        /** The features; the cls token by default. The official classifiers read {@code CLS_MEAN}. */
        public Builder<T> output(BackboneLayer.Output kind) {
            output = kind;
            return this;
        }

        /** How the backbone is trained with the classifier; frozen by default. */
        public Builder<T> tuning(Tuning how) {
            tuning = how;
            return this;
        }

        /** DL4J's updater; Adam with rate 0.001 by default. */
        public Builder<T> updater(IUpdater u) {
            updater = u;
            return this;
        }

        /** Decoupled weight decay, 0 by default; biases, norms and layer-scale are left out. */
        public Builder<T> weightDecay(double coefficient) {
            weightDecay = coefficient;
            return this;
        }

        /** Seed of random weights. */
        public Builder<T> seed(long value) {
            seed = value;
            return this;
        }

        /** Type of parameters: FLOAT, or DOUBLE to check gradients. */
        public Builder<T> dataType(DataType t) {
            type = t;
            return this;
        }

        /** Stores tokens as BFLOAT16: half the memory, faster where the processor has the instructions. */
        public Builder<T> bf16(boolean on) {
            bf16 = on;
            return this;
        }

        /** A mirror of the released files: a folder of folders such as {@code dinov2_vits14/}. */
        public Builder<T> mirror(URI base) {
            mirror = base.toString().endsWith("/") ? base : URI.create(base + "/");
            return this;
        }

        /** Weights that are here already, instead of the released ones. */
        public Builder<T> weights(Path path) {
            file = Optional.of(path);
            return this;
        }

        /** What the fetched file must hash to, in hexadecimal digits. */
        public Builder<T> sha256(String hex) {
            sha256 = Optional.of(hex);
            return this;
        }

        /** The model. */
        public T build() {
            return constructor.apply(this);
        }
    }
}
