package io.dino4j.train.config;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

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
 * @param distillation the frozen teacher of a distillation
 * @param sentinel who watches that a run does not collapse
 * @param phases what follows: each a map of an optional {@code name} and of the blocks that differ; see {@link #phase}
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
        Evaluation evaluation,
        Distillation distillation,
        Sentinel sentinel,
        List<Map<String, Object>> phases) {

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

    /** Number format of the matrix products. */
    public enum Precision {
        /** 32 bits, as everything else. */
        @JsonProperty("f32")
        F32,
        /** Operands of 16 bits with the exponent of 32 (bfloat16); sums and weights keep 32 bits. */
        @JsonProperty("bf16")
        BF16
    }

    /**
     * Data, batch and bookkeeping.
     *
     * @param batchSizePerGpu images of a worker that go through the network at once, at least 1
     * @param datasetPath what to train on
     * @param outputDir the run's folder
     * @param saveckpFreq epochs between checkpoints, at least 1
     * @param seed root of all randomness
     * @param numWorkers loader threads, at least 1
     * @param officialEpochLength steps that count as one epoch; 0 for one pass over the images
     * @param cacheDataset kept for upstream's files
     * @param centering how teacher logits become targets
     * @param precision number format of the matrix products
     * @param accumulationSteps micro-batches of {@code batchSizePerGpu} images in a step, at least 1
     * @param recomputeBlocks true to work out the activations of a block again in the backward pass, for less memory
     * @param worldSize ranks that a step is divided among, at least 1: upstream's number of GPUs. As many devices or workers may work
     *     them out, or fewer
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
            Centering centering,
            Precision precision,
            int accumulationSteps,
            boolean recomputeBlocks,
            int worldSize) {

        /** Images in a step, of all micro-batches of all ranks: what the learning rate and the momentum follow. */
        public int imagesPerStep() {
            return Math.multiplyExact(Math.multiplyExact(batchSizePerGpu, accumulationSteps), worldSize);
        }

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
     * @param momentumReferenceBatch images in a step that the momentum is meant for; 0 to take it as it is
     */
    public record Teacher(
            double momentumTeacher,
            double finalMomentumTeacher,
            double warmupTeacherTemp,
            double teacherTemp,
            int warmupTeacherTempEpochs,
            int momentumReferenceBatch) {

        /**
         * The momentum of a step: with a reference batch {@code m^(batch / reference)}, so that the average reaches back over the same
         * number of images whatever the batch.
         *
         * @param momentum of a step of the reference batch, 0 to 1
         * @param globalBatch images per step over all workers
         */
        public double scaledMomentum(double momentum, int globalBatch) {
            return momentumReferenceBatch == 0
                    ? momentum
                    : Math.pow(momentum, (double) globalBatch / momentumReferenceBatch);
        }
    }

    /** How the learning rate follows the batch. */
    public enum ScalingRule {
        /** {@code lr = base_lr · sqrt(batch / 1024)}. */
        @JsonProperty("sqrt_wrt_1024")
        SQRT_WRT_1024,
        /** {@code lr = base_lr · sqrt(batch / 64)}: the rate of a small batch is the one written down. */
        @JsonProperty("sqrt_wrt_64")
        SQRT_WRT_64,
        /** {@code lr = base_lr · batch / 256}. */
        @JsonProperty("linear_wrt_256")
        LINEAR_WRT_256;

        private double factor(int batch) {
            return switch (this) {
                case SQRT_WRT_1024 -> Math.sqrt(batch / 1024.0);
                case SQRT_WRT_64 -> Math.sqrt(batch / 64.0);
                case LINEAR_WRT_256 -> batch / 256.0;
            };
        }
    }

    /**
     * Optimiser and its schedules.
     *
     * @param epochs length of the run, in epochs of {@link Train#officialEpochLength()} steps
     * @param weightDecay weight decay at step 0
     * @param weightDecayEnd and at the end
     * @param baseLr peak learning rate for the batch that {@code scalingRule} names
     * @param lr not read; see {@link #scaledLr(int)}
     * @param warmupEpochs linear warm-up of the learning rate
     * @param minLr learning rate at the end
     * @param clipGrad largest gradient norm of a sub-network; 0 for no clipping
     * @param freezeLastLayerEpochs epochs in which the prototypes do not move
     * @param freezeBackboneSteps first steps, in which only the heads learn
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
            int freezeBackboneSteps,
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
            return baseLr * scalingRule.factor(globalBatch);
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

    /**
     * Distillation: a frozen teacher, whose student is trained (paper section 5, "model distillation").
     *
     * @param teacherWeights file or run of the teacher; empty for a run without one
     * @param teacherNumHeads attention heads of a teacher whose file does not tell, 0 for the official number
     * @param headWarmupSteps steps in which fresh heads are trained on a teacher that comes without; 0 to let the command choose
     */
    public record Distillation(String teacherWeights, int teacherNumHeads, int headWarmupSteps) {
        /** True if there is a teacher. */
        @JsonIgnore
        public boolean isOn() {
            return !teacherWeights.isEmpty();
        }
    }

    /** What the sentinel does about a run that goes wrong. */
    public enum SentinelAction {
        /** Save and end. */
        @JsonProperty("stop")
        STOP,
        /** Go back to the last good checkpoint and on from there with a lower learning rate. */
        @JsonProperty("rollback")
        ROLLBACK
    }

    /**
     * Who watches that a run does not collapse.
     *
     * @param period steps between two looks; 0 for none
     * @param action what to do then
     * @param maxRollbacks times that the run may go back before it ends all the same
     * @param rollbackLrFactor learning rate after going back over the one before, above 0, at most 1
     * @param patience looks in a row that must agree on a collapse, at least 1
     * @param graceSteps steps after the warm-up in which a network that has never been healthy is let be
     * @param minFeatureStd spread of the teacher's features below which they count as all the same, 0 to 1
     * @param maxEntropyShare entropy of the teacher's targets, over ln K, above which they count as uniform, 0 to 1
     * @param minPrototypes prototypes in use below which one counts as serving all images, at least 1
     */
    public record Sentinel(
            int period,
            SentinelAction action,
            int maxRollbacks,
            double rollbackLrFactor,
            int patience,
            int graceSteps,
            double minFeatureStd,
            double maxEntropyShare,
            double minPrototypes) {}

    /** Steps of this phase: epochs times their length. */
    public long totalSteps() {
        return (long) optim.epochs() * train.officialEpochLength();
    }

    /** Number of phases: this configuration, and those that follow it. */
    public int phaseCount() {
        return 1 + phases.size();
    }

    /**
     * The configuration of one phase: number 0 is this one, the others are this one with what they change. Warm-ups that are given in
     * epochs shrink or grow with the length of the phase, unless it sets them.
     *
     * @param i from 0 to below {@link #phaseCount()}
     * @return a configuration without further phases
     */
    public RunConfig phase(int i) {
        ConfigTree tree = new ConfigTree(ConfigTree.YAML.valueToTree(this));
        return (i == 0 ? tree.withoutPhases() : tree.phase(i - 1)).resolve();
    }

    /** Such as {@code high_resolution}; {@code phase 2} for one without a name, {@code phase 0} for the first. */
    public String phaseName(int i) {
        Object name = i == 0 ? null : phases.get(i - 1).get(ConfigTree.NAME);
        return name == null ? "phase " + i : name.toString();
    }

    /** Steps of all phases that come before one; with {@link #phaseCount()} those of the whole run. */
    public long stepsBefore(int phase) {
        return IntStream.range(0, phase).mapToLong(i -> phase(i).totalSteps()).sum();
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
     * SHA-256, in hex, of what decides a run's numbers. Folders and files, loader threads, how often to save or evaluate, the
     * number of epochs, the learning rate and the clipping are left out, so that a resumed run may change them: go on
     * for longer, with the schedules of the longer run, or more gently. So is what follows: each phase has a hash of its own. Of the images
     * in a step only their number counts, not how they are divided among ranks and micro-batches: a run may go on with more workers or fewer.
     */
    public String hash() {
        ObjectNode tree = ConfigTree.YAML.valueToTree(this);
        tree.remove(List.of("MODEL", "compute_precision", "evaluation", "sentinel", "phases"));
        ((ObjectNode) tree.get("train"))
                .put("batch_size_per_gpu", train.imagesPerStep())
                .put("accumulation_steps", 1)
                .remove(List.of(
                        "output_dir",
                        "saveckp_freq",
                        "num_workers",
                        "cache_dataset",
                        "recompute_blocks",
                        "world_size"));
        ((ObjectNode) tree.get("student")).remove("pretrained_weights");
        ((ObjectNode) tree.get("distillation")).put("teacher_weights", distillation.isOn());
        ((ObjectNode) tree.get("optim")).remove(List.of("epochs", "base_lr", "clip_grad"));
        return ConfigTree.sha256(tree.toString()).toLowerCase(Locale.ROOT);
    }
}
