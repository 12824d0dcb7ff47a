package io.dino4j.train;

import io.dino4j.data.crop.JitterStrength;
import io.dino4j.data.crop.MaskCollator;
import io.dino4j.data.crop.MultiCropConfig;
import io.dino4j.data.crop.ViewRecipe;
import io.dino4j.data.image.EvalTransform;
import io.dino4j.data.image.Normalization;
import io.dino4j.data.image.Range;
import io.dino4j.graph.Precision;
import io.dino4j.graph.head.HeadConfig;
import io.dino4j.graph.ssl.Network;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.train.config.ConfigException;
import io.dino4j.train.config.RunConfig;
import java.util.List;
import java.util.Optional;

/** What a configuration means: the sizes of networks, crops and losses. */
public final class Recipe {
    private Recipe() {}

    /**
     * The backbone.
     *
     * @throws ConfigException if the configuration asks for what there is no graph for
     */
    public static VitConfig backbone(RunConfig c) {
        RunConfig.Student s = c.student();
        if (!s.qkvBias() || !s.projBias() || !s.ffnBias()) {
            throw new ConfigException(
                    "student.qkv_bias, proj_bias and ffn_bias must be true: every released DINOv2 model has these biases");
        }
        RunConfig.Shape shape = s.shape();
        return new VitConfig(
                c.crops().globalCropsSize(),
                s.patchSize(),
                shape.embedDim(),
                shape.depth(),
                shape.numHeads(),
                shape.mlpRatio(),
                s.ffnLayer() == RunConfig.FfnLayer.MLP ? Ffn.MLP : Ffn.SWIGLU,
                s.numRegisterTokens(),
                s.layerscale(),
                s.interpolateOffset(),
                s.interpolateAntialias());
    }

    /** The number formats that a precision stands for. */
    public static Precision precision(RunConfig.Precision precision) {
        return switch (precision) {
            case F32 -> Precision.F32;
            case BF16 -> Precision.BF16;
        };
    }

    /** Crops, augmentations and masks. */
    public static MultiCropConfig crops(RunConfig c) {
        RunConfig.Crops x = c.crops();
        return new MultiCropConfig(
                x.globalCropsSize(),
                x.localCropsSize(),
                x.localCropsNumber(),
                range(x.globalCropsScale()),
                range(x.localCropsScale()),
                c.student().patchSize(),
                c.ibot().lossWeight() == 0 || c.distillation().isOn()
                        ? 0
                        : c.ibot().maskSampleProbability(),
                range(c.ibot().maskRatioMinMax()),
                view(x, x.global1BlurProbability(), 0),
                view(x, x.global2BlurProbability(), x.solarizeProbability()),
                view(x, x.localBlurProbability(), 0),
                Normalization.imagenet());
    }

    private static Range range(List<Double> minMax) {
        return new Range(minMax.get(0), minMax.get(1));
    }

    private static ViewRecipe view(RunConfig.Crops x, double blur, double solarize) {
        JitterStrength strength = new JitterStrength(
                x.colorJitterBrightness(), x.colorJitterContrast(), x.colorJitterSaturation(), x.colorJitterHue());
        return new ViewRecipe(
                x.horizontalFlipProbability(),
                x.colorJitterProbability(),
                strength,
                x.grayscaleProbability(),
                blur,
                solarize);
    }

    /** Networks, crops and losses of a whole step whose targets the average of the student makes. */
    public static SslConfig step(RunConfig c) {
        return step(c, Optional.empty(), Ranks.all(c));
    }

    /**
     * Networks, crops and losses of a step. With a frozen teacher nothing is masked and no branch is dropped, whatever the keys say.
     *
     * @param teacher the network that is distilled; empty if the average of the student makes the targets
     * @param ranks the part of the step
     * @throws ConfigException if student and teacher do not fit each other
     */
    static SslConfig step(RunConfig c, Optional<Network> teacher, Ranks ranks) {
        VitConfig vit = backbone(c);
        MultiCropConfig crops = crops(c);
        int batch = c.train().batchSizePerGpu();
        RunConfig.Dino d = c.dino();
        RunConfig.Ibot i = c.ibot();
        HeadConfig dino = new HeadConfig(
                vit.embedDim(), d.headNPrototypes(), d.headHiddenDim(), d.headBottleneckDim(), d.headNlayers());
        HeadConfig ibot = new HeadConfig(
                vit.embedDim(), i.headNPrototypes(), i.headHiddenDim(), i.headBottleneckDim(), i.headNlayers());
        MaskCollator masks = new MaskCollator(
                SslConfig.GLOBAL_CROPS * batch, crops.numPatches(), crops.maskProbability(), crops.maskRatio());
        return new SslConfig(
                new Network(vit, dino, i.separateHead() ? Optional.of(ibot) : Optional.empty()),
                teacher,
                batch,
                Math.multiplyExact(c.train().accumulationSteps(), ranks.count()),
                crops.globalSize(),
                crops.localSize(),
                crops.localCrops(),
                teacher.isPresent() ? 0 : Math.max(1, masks.upperBound()),
                c.train().centering() == RunConfig.Centering.CENTERING
                        ? SslConfig.Targets.CENTERING
                        : SslConfig.Targets.SINKHORN_KNOPP,
                STUDENT_TEMP,
                d.lossWeight(),
                d.koleoLossWeight(),
                i.lossWeight(),
                teacher.isPresent() ? 0 : c.student().dropPathRate(),
                c.student().dropPathUniform(),
                ranks.share());
    }

    /**
     * Floats that a step leaves for the next beside the vectors of parameters: with softmax-centring the centres of cls tokens and patches,
     * the means of the last step, and whether those are pending; none with Sinkhorn-Knopp.
     */
    public static int extras(RunConfig c) {
        Network student = step(c).student();
        return c.train().centering() == RunConfig.Centering.CENTERING
                ? Centers.floats(student.dinoHead().prototypes())
                        + Centers.floats(student.patchHead().prototypes())
                : 0;
    }

    /** Temperature of the student's softmax, which is not a key (official {@code dino_clstoken_loss.py}). */
    private static final double STUDENT_TEMP = 0.1;

    /** From image to network without augmentation: the official resize and centre crop; small images are taken whole. */
    public static EvalTransform evaluation(RunConfig c) {
        return EvalTransform.of(c.crops().globalCropsSize());
    }
}
