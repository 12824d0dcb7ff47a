package io.dino4j.zoo.model;

import io.dino4j.graph.Precision;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.ParameterRules;
import io.dino4j.graph.vit.VitConfig;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.ParamInitializer;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.inputs.InputType.InputTypeConvolutional;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.InputTypeUtil;
import org.deeplearning4j.nn.conf.memory.LayerMemoryReport;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.NoOp;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * A DINOv2 backbone as one layer of DL4J: images {@code [B, 3, H, W]}, normalised and of any size that is a multiple of the patch size, to
 * features as {@link Output} says. Its parameters have the official names, with dashes for underscores ({@code pos-embed}).
 *
 * <p>Fine-tuning: {@link Tuning}. The updater's rate of a parameter is multiplied by {@code decay^(depth + 1 - i)} for layer {@code i}
 * (RECIPE 1.6: embeddings 0, block b is b + 1, the final norm depth + 1). Weight decay, l1 and l2 leave out biases, norms and
 * layer-scale, as in official training; the bias regularisation of the configuration is for those. Dropout, weight noise and
 * activation functions of the configuration are ignored.
 */
public final class BackboneLayer extends BaseLayer {
    private static final long serialVersionUID = 1L;

    /** What the layer gives on, after the final norm. */
    public enum Output {
        /** The cls token, {@code [B, D]}. */
        CLS,
        /** The cls token, then the mean of the patch tokens, {@code [B, 2 D]}. */
        CLS_MEAN,
        /** The patch tokens as an image, {@code [B, D, H / p, W / p]}. */
        PATCHES
    }

    // Jackson, in DL4J's old version, knows no records
    @JsonProperty
    private int imageSize;

    @JsonProperty
    private int patchSize;

    @JsonProperty
    private int embedDim;

    @JsonProperty
    private int depth;

    @JsonProperty
    private int numHeads;

    @JsonProperty
    private double mlpRatio;

    @JsonProperty
    private Ffn ffn;

    @JsonProperty
    private int numRegisters;

    @JsonProperty
    private double layerScale;

    @JsonProperty
    private double interpolateOffset;

    @JsonProperty
    private boolean interpolateAntialias;

    @JsonProperty
    private Output output;

    @JsonProperty
    private boolean bf16;

    @JsonProperty
    private double layerDecay;

    @JsonProperty
    private int rank;

    @JsonProperty
    private double alpha;

    @SuppressWarnings("unused") // Jackson
    private BackboneLayer() {}

    private BackboneLayer(Builder b) {
        super(b);
        VitConfig v = b.vit;
        imageSize = v.imageSize();
        patchSize = v.patchSize();
        embedDim = v.embedDim();
        depth = v.depth();
        numHeads = v.numHeads();
        mlpRatio = v.mlpRatio();
        ffn = v.ffn();
        numRegisters = v.numRegisters();
        layerScale = v.layerScale();
        interpolateOffset = v.interpolateOffset();
        interpolateAntialias = v.interpolateAntialias();
        output = b.output;
        bf16 = b.bf16;
        layerDecay = b.tuning instanceof Tuning.Full f ? f.layerDecay() : 1;
        rank = b.tuning instanceof Tuning.LowRank l ? l.rank() : 0;
        alpha = b.tuning instanceof Tuning.LowRank l ? l.alpha() : 0;
    }

    /** The backbone. */
    public VitConfig vit() {
        return new VitConfig(
                imageSize,
                patchSize,
                embedDim,
                depth,
                numHeads,
                mlpRatio,
                ffn,
                numRegisters,
                layerScale,
                interpolateOffset,
                interpolateAntialias);
    }

    /** What the layer gives on. */
    public Output output() {
        return output;
    }

    /** Width of the features: {@code D} or {@code 2 D}. */
    public int dimension() {
        return output == Output.CLS_MEAN ? 2 * embedDim : embedDim;
    }

    /** The adapters, if the layer is trained through them. */
    Optional<Tuning.LowRank> adapters() {
        return rank == 0 ? Optional.empty() : Optional.of(new Tuning.LowRank(rank, alpha));
    }

    /** Number formats in a network of this type. */
    Precision precision(DataType network) {
        return bf16 && network == DataType.FLOAT ? Precision.BF16 : Precision.of(network);
    }

    /** True if training changes the parameter of this key. */
    boolean isTrained(String key) {
        return rank == 0 || LowRankAdapters.isAdapter(BackboneParameters.official(key));
    }

    @Override
    public Layer instantiate(
            NeuralNetConfiguration conf,
            Collection<TrainingListener> listeners,
            int index,
            INDArray parameters,
            boolean initialize,
            DataType type) {
        BackboneNetwork network = new BackboneNetwork(conf, type);
        network.setListeners(listeners);
        network.setIndex(index);
        network.setParamsViewArray(parameters);
        network.setParamTable(initializer().init(conf, parameters, initialize));
        network.setConf(conf);
        return network;
    }

    @Override
    public ParamInitializer initializer() {
        return BackboneParameters.INSTANCE;
    }

    @Override
    public IUpdater getUpdaterByParam(String key) {
        if (!isTrained(key)) {
            return new NoOp();
        }
        IUpdater base = super.getUpdaterByParam(key);
        int layer = ParameterRules.layer(BackboneParameters.official(key), depth);
        double scale = Math.pow(layerDecay, depth + 1 - layer);
        if (scale == 1 || !base.hasLearningRate()) {
            return base;
        }
        IUpdater scaled = base.clone();
        scaled.setLrAndSchedule(Double.NaN, new ScaledRate(base, scale));
        return scaled;
    }

    @Override
    public List<Regularization> getRegularizationByParam(String key) {
        List<Regularization> r = isTrained(key) ? super.getRegularizationByParam(key) : null;
        return r == null ? List.of() : r;
    }

    @Override
    public boolean isPretrainParam(String key) {
        return false;
    }

    /**
     * Type of the features for images of a size.
     *
     * @throws IllegalArgumentException if they are no RGB images, or do not split into patches
     */
    @Override
    public InputType getOutputType(int index, InputType input) {
        InputTypeConvolutional images = requireImages(input);
        return output == Output.PATCHES
                ? InputType.convolutional(images.getHeight() / patchSize, images.getWidth() / patchSize, embedDim)
                : InputType.feedForward(dimension());
    }

    private InputTypeConvolutional requireImages(InputType input) {
        if (!(input instanceof InputTypeConvolutional x)
                || x.getChannels() != VitConfig.CHANNELS
                || x.getHeight() % patchSize != 0
                || x.getWidth() % patchSize != 0) {
            throw new IllegalArgumentException(
                    "layer '%s' needs images of 3 channels whose sides are multiples of %d, got %s"
                            .formatted(getLayerName(), patchSize, input));
        }
        return x;
    }

    @Override
    public void setNIn(InputType input, boolean override) {
        if (input instanceof InputTypeConvolutional) {
            requireImages(input);
        }
    }

    @Override
    public InputPreProcessor getPreProcessorForInputType(InputType input) {
        return InputTypeUtil.getPreProcessorForInputTypeCnnLayers(input, getLayerName());
    }

    @Override
    public LayerMemoryReport getMemoryReport(InputType input) {
        long parameters = initializer().numParams(this);
        return new LayerMemoryReport.Builder(getLayerName(), BackboneLayer.class, input, getOutputType(0, input))
                .standardMemory(parameters, 2 * parameters)
                .workingMemory(0, 0, 0, 0) // plans hold their own
                .cacheMemory(0, 0)
                .build();
    }

    @Override
    public BackboneLayer clone() {
        return (BackboneLayer) super.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof BackboneLayer b
                && super.equals(other)
                && vit().equals(b.vit())
                && output == b.output
                && bf16 == b.bf16
                && layerDecay == b.layerDecay
                && rank == b.rank
                && alpha == b.alpha;
    }

    @Override
    public int hashCode() {
        return Objects.hash(super.hashCode(), vit(), output, bf16, layerDecay, rank, alpha);
    }

    @Override
    public String toString() {
        return "BackboneLayer[%s, %s, %s]".formatted(getLayerName(), vit(), output);
    }

    /** Builds the layer. */
    public static final class Builder extends BaseLayer.Builder<Builder> {
        private final VitConfig vit;
        private Output output = Output.CLS;
        private Tuning tuning = new Tuning.Full(1);
        private boolean bf16;

        /**
         * A layer that gives on the cls token and is trained whole.
         *
         * @param vit the backbone; its image size is the one that the position embedding is trained on
         */
        public Builder(VitConfig vit) {
            this.vit = vit;
        }

        /** What the layer gives on. */
        public Builder output(Output kind) {
            output = kind;
            return this;
        }

        /** How the layer is trained; to freeze it, wrap it in DL4J's {@code FrozenLayer}. */
        public Builder tuning(Tuning how) {
            tuning = how;
            return this;
        }

        /** Stores tokens as BFLOAT16 in a FLOAT network: half the memory, faster where the processor has the instructions. */
        public Builder bf16(boolean on) {
            bf16 = on;
            return this;
        }

        @Override
        @SuppressWarnings("unchecked") // DL4J's own signature; a BackboneLayer in any case
        public <E extends org.deeplearning4j.nn.conf.layers.Layer> E build() {
            return (E) new BackboneLayer(this);
        }
    }
}
