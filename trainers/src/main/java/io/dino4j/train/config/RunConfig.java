package io.dino4j.train.config;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * One run, fully resolved. Names, nesting and defaults are those of upstream's {@code ssl_default_config.yaml}; the
 * comments of {@code presets/default.yaml} mark the few keys that are ours. Ranges are checked by {@link ConfigLayers}.
 *
 * @param model upstream's {@code MODEL} block; without effect
 * @param computePrecision upstream's {@code compute_precision} block; without effect
 * @param dino the class-token loss and its head
 * @param ibot the masked-patch loss and its head
 * @param train data, batch and bookkeeping
 * @param student the backbone
 * @param teacher momentum and temperature of the teacher
 * @param optim optimiser and learning-rate schedule
 * @param crops views of an image
 * @param evaluation when to evaluate
 */
public record RunConfig(
        @JsonProperty("MODEL") Map<String, Object> model,
        Map<String, Object> computePrecision,
        Dino dino,
        Ibot ibot,
        Train train,
        Student student,
        Teacher teacher,
        Optim optim,
        Crops crops,
        Evaluation evaluation) {

    /**
     * Class-token loss, its projection head, and the weight of KoLeo.
     *
     * @param lossWeight weight in the objective, at least 0
     * @param headNPrototypes outputs of the head (K)
     * @param headBottleneckDim width before the prototypes
     * @param headNlayers linear layers of the head's MLP, at least 1
     * @param headHiddenDim width inside the MLP
     * @param koleoLossWeight weight of KoLeo, at least 0
     * @param headInitStd standard deviation of the linear weights of both heads at the start
     */
    public record Dino(
            double lossWeight,
            @JsonProperty("head_n_prototypes") int headNPrototypes,
            int headBottleneckDim,
            int headNlayers,
            int headHiddenDim,
            double koleoLossWeight,
            double headInitStd) {}

    /**
     * Masked-patch loss. The four head sizes count only with {@code separateHead}; else the class token's head serves.
     *
     * @param lossWeight weight in the objective, at least 0
     * @param maskSampleProbability share of global crops that get a mask, 0 to 1
     * @param maskRatioMinMax smallest and largest share of masked patches, each 0 to 1
     * @param separateHead true for a head of its own
     * @param headNPrototypes outputs of that head
     * @param headBottleneckDim width before its prototypes
     * @param headNlayers linear layers of its MLP
     * @param headHiddenDim width inside its MLP
     */
    public record Ibot(
            double lossWeight,
            double maskSampleProbability,
            List<Double> maskRatioMinMax,
            boolean separateHead,
            @JsonProperty("head_n_prototypes") int headNPrototypes,
            int headBottleneckDim,
            int headNlayers,
            int headHiddenDim) {}

    /** How teacher logits become targets. */
    public enum Centering {
        /** Softmax of logits minus a running centre. */
        @JsonProperty("centering")
        CENTERING,
        /** Three rounds of Sinkhorn-Knopp. */
        @JsonProperty("sinkhorn_knopp")
        SINKHORN_KNOPP
    }

    /**
     * Data, batch and bookkeeping.
     *
     * @param batchSizePerGpu images per worker and step, at least 1
     * @param datasetPath what to train on
     * @param outputDir the run's folder
     * @param saveckpFreq epochs between checkpoints, at least 1
     * @param seed root of all randomness
     * @param numWorkers loader threads, at least 1
     * @param officialEpochLength steps that count as one epoch; 0 for one pass over the images
     * @param cacheDataset kept for upstream's files
     * @param centering how teacher logits become targets
     */
    public record Train(
            int batchSizePerGpu,
            String datasetPath,
            String outputDir,
            int saveckpFreq,
            long seed,
            int numWorkers,
            @JsonProperty("OFFICIAL_EPOCH_LENGTH") int officialEpochLength,
            boolean cacheDataset,
            Centering centering) {

        /** Steps between checkpoints. */
        public long checkpointPeriod() {
            return (long) saveckpFreq * officialEpochLength;
        }
    }

    /** Backbone sizes known by name. */
    public enum Arch {
        /** Ours, for laptops: width 128, 4 blocks, 4 heads. */
        @JsonProperty("vit_nano")
        VIT_NANO(128, 4, 4),
        /** Ours: width 192, 12 blocks, 3 heads. */
        @JsonProperty("vit_tiny")
        VIT_TINY(192, 12, 3),
        /** ViT-S. */
        @JsonProperty("vit_small")
        VIT_SMALL(384, 12, 6),
        /** ViT-B. */
        @JsonProperty("vit_base")
        VIT_BASE(768, 12, 12),
        /** ViT-L. */
        @JsonProperty("vit_large")
        VIT_LARGE(1024, 24, 16),
        /** ViT-g, with heads of 64 channels. */
        @JsonProperty("vit_giant2")
        VIT_GIANT2(1536, 40, 24);

        private final Shape shape;

        Arch(int embedDim, int depth, int numHeads) {
            this.shape = new Shape(embedDim, depth, numHeads, 4.0);
        }

        /** The sizes behind the name. */
        public Shape shape() {
            return shape;
        }
    }

    /**
     * Sizes of a backbone.
     *
     * @param embedDim width (D)
     * @param depth blocks
     * @param numHeads attention heads (H)
     * @param mlpRatio hidden width of the feed-forward part over D
     */
    public record Shape(int embedDim, int depth, int numHeads, double mlpRatio) {}

    /** Feed-forward part of a block. */
    public enum FfnLayer {
        /** Two linear maps with GELU between. */
        @JsonProperty("mlp")
        MLP,
        /** Gated, as {@link #SWIGLUFUSED}. */
        @JsonProperty("swiglu")
        SWIGLU,
        /** Gated; hidden width 2/3 of {@code mlpRatio · D}, rounded up to a multiple of 8. */
        @JsonProperty("swiglufused")
        SWIGLUFUSED
    }

    /**
     * The backbone. {@link #shape()} gives its sizes.
     *
     * @param arch sizes by name
     * @param patchSize pixels per patch side
     * @param dropPathRate stochastic depth, 0 (inclusive) to 1 (exclusive)
     * @param layerscale start value of layer scale
     * @param dropPathUniform true for the same rate in every block, false for a rate that grows from 0
     * @param pretrainedWeights file to start from, or empty
     * @param ffnLayer feed-forward part
     * @param blockChunks upstream's FSDP grouping; it only changes names in upstream's checkpoints
     * @param qkvBias bias of the q, k, v map
     * @param projBias bias of the attention's output map
     * @param ffnBias biases of the feed-forward part
     * @param numRegisterTokens register tokens, 0 for none
     * @param interpolateAntialias antialias when position embeddings are resized
     * @param interpolateOffset offset of that resize
     * @param embedDim override of the width, 0 for the arch's
     * @param depth override of the number of blocks, 0 for the arch's
     * @param numHeads override of the number of heads, 0 for the arch's
     * @param mlpRatio override of the ratio, 0 for the arch's
     * @param initStd standard deviation of the linear weights at the start
     * @param posEmbedInitStd the same of the position embedding
     */
    public record Student(
            Arch arch,
            int patchSize,
            double dropPathRate,
            double layerscale,
            boolean dropPathUniform,
            String pretrainedWeights,
            FfnLayer ffnLayer,
            int blockChunks,
            boolean qkvBias,
            boolean projBias,
            boolean ffnBias,
            int numRegisterTokens,
            boolean interpolateAntialias,
            double interpolateOffset,
            int embedDim,
            int depth,
            int numHeads,
            double mlpRatio,
            double initStd,
            double posEmbedInitStd) {

        /** The arch's sizes with the overrides applied. */
        public Shape shape() {
            Shape s = arch.shape();
            return new Shape(
                    embedDim > 0 ? embedDim : s.embedDim(),
                    depth > 0 ? depth : s.depth(),
                    numHeads > 0 ? numHeads : s.numHeads(),
                    mlpRatio > 0 ? mlpRatio : s.mlpRatio());
        }
    }

    /**
     * The teacher.
     *
     * @param momentumTeacher momentum of the moving average at step 0
     * @param finalMomentumTeacher and at the end
     * @param warmupTeacherTemp temperature at step 0
     * @param teacherTemp and after the warm-up
     * @param warmupTeacherTempEpochs length of that warm-up
     */
    public record Teacher(
            double momentumTeacher,
            double finalMomentumTeacher,
            double warmupTeacherTemp,
            double teacherTemp,
            int warmupTeacherTempEpochs) {}

    /** How the learning rate follows the batch. */
    public enum ScalingRule {
        /** {@code lr = base_lr · sqrt(batch / 1024)}. */
        @JsonProperty("sqrt_wrt_1024")
        SQRT_WRT_1024
    }

    /**
     * Optimiser and its schedules.
     *
     * @param epochs length of the run, in epochs of {@link Train#officialEpochLength()} steps
     * @param weightDecay weight decay at step 0
     * @param weightDecayEnd and at the end
     * @param baseLr peak learning rate for a batch of 1024
     * @param lr not read; see {@link #scaledLr(int)}
     * @param warmupEpochs linear warm-up of the learning rate
     * @param minLr learning rate at the end
     * @param clipGrad largest gradient norm of a sub-network; 0 for no clipping
     * @param freezeLastLayerEpochs epochs in which the prototypes do not move
     * @param scalingRule how the learning rate follows the batch
     * @param patchEmbedLrMult learning-rate multiplier of the patch embedding
     * @param layerwiseDecay learning-rate multiplier from a block to the one before it
     * @param adamwBeta1 decay of the first moment
     * @param adamwBeta2 decay of the second moment
     */
    public record Optim(
            int epochs,
            double weightDecay,
            double weightDecayEnd,
            double baseLr,
            double lr,
            int warmupEpochs,
            double minLr,
            double clipGrad,
            int freezeLastLayerEpochs,
            ScalingRule scalingRule,
            double patchEmbedLrMult,
            double layerwiseDecay,
            double adamwBeta1,
            double adamwBeta2) {

        /**
         * Peak learning rate after the scaling rule.
         *
         * @param globalBatch images per step over all workers
         */
        public double scaledLr(int globalBatch) {
            return baseLr * Math.sqrt(globalBatch / 1024.0);
        }
    }

    /**
     * Views of an image. Sizes are pixels, scales are shares of the image's area, probabilities are those in effect.
     *
     * @param globalCropsScale smallest and largest area of a global crop
     * @param localCropsNumber local crops per image, 0 for none
     * @param localCropsScale smallest and largest area of a local crop
     * @param globalCropsSize side of a global crop, a multiple of the patch
     * @param localCropsSize side of a local crop, a multiple of the patch
     * @param horizontalFlipProbability chance of a mirror image
     * @param colorJitterProbability chance of colour jitter
     * @param colorJitterBrightness its strength in brightness
     * @param colorJitterContrast its strength in contrast
     * @param colorJitterSaturation its strength in saturation
     * @param colorJitterHue its strength in hue, 0 to 0.5
     * @param grayscaleProbability chance of losing colour
     * @param global1BlurProbability chance of blur, first global crop
     * @param global2BlurProbability chance of blur, second global crop
     * @param localBlurProbability chance of blur, local crops
     * @param solarizeProbability chance of solarisation, second global crop
     */
    public record Crops(
            List<Double> globalCropsScale,
            int localCropsNumber,
            List<Double> localCropsScale,
            int globalCropsSize,
            int localCropsSize,
            double horizontalFlipProbability,
            double colorJitterProbability,
            double colorJitterBrightness,
            double colorJitterContrast,
            double colorJitterSaturation,
            double colorJitterHue,
            double grayscaleProbability,
            @JsonProperty("global1_blur_probability") double global1BlurProbability,
            @JsonProperty("global2_blur_probability") double global2BlurProbability,
            double localBlurProbability,
            double solarizeProbability) {}

    /**
     * Evaluation during a run.
     *
     * @param evalPeriodIterations steps between evaluations; 0 for none
     */
    public record Evaluation(int evalPeriodIterations) {}

    /** Steps of the whole run: epochs times their length. */
    public long totalSteps() {
        return (long) optim.epochs() * train.officialEpochLength();
    }

    /** The whole configuration as YAML; {@link ConfigLayers#file} reads it back to an equal one. */
    public String toYaml() {
        try {
            return ConfigTree.YAML.writeValueAsString(this);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Writes {@link #toYaml()} to a file.
     *
     * @throws IOException if it cannot be written
     */
    public void write(Path file) throws IOException {
        Files.writeString(file, toYaml());
    }

    /**
     * SHA-256, in hex, of what decides a run's numbers. Folders, loader threads, how often to save or evaluate, the
     * number of epochs, the learning rate and the clipping are left out, so that a resumed run may change them: go on
     * for longer, with the schedules of the longer run, or more gently.
     */
    public String hash() {
        ObjectNode tree = ConfigTree.YAML.valueToTree(this);
        tree.remove(List.of("MODEL", "compute_precision", "evaluation"));
        ((ObjectNode) tree.get("train")).remove(List.of("output_dir", "saveckp_freq", "num_workers", "cache_dataset"));
        ((ObjectNode) tree.get("optim")).remove(List.of("epochs", "base_lr", "clip_grad"));
        return ConfigTree.sha256(tree.toString()).toLowerCase(Locale.ROOT);
    }
}
