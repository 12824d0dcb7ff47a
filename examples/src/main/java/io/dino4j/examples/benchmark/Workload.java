package io.dino4j.examples.benchmark;

import io.dino4j.graph.Precision;
import io.dino4j.graph.param.Initialization;
import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.train.Recipe;
import io.dino4j.train.config.ConfigLayers;
import java.util.Locale;
import java.util.SplittableRandom;
import org.nd4j.common.util.ArrayUtil;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What is run: a backbone on one batch of random images.
 *
 * @param vit the backbone; its images are square, of the size it is trained on
 * @param batch images
 * @param training true for forward and backward, with the gradient of every parameter; false for forward alone
 * @param precision number formats
 */
record Workload(VitConfig vit, int batch, boolean training, Precision precision) {
    private static final long SEED = 1;

    /** Layer-scale of a trained network rather than of a fresh one, whose gradients would be next to nothing. */
    private static final double LAYER_SCALE = 1;

    Workload {
        if (batch < 1) {
            throw new IllegalArgumentException("--batch must be at least 1, got " + batch);
        }
    }

    /** In 32 bits. */
    Workload(VitConfig vit, int batch, boolean training) {
        this(vit, batch, training, Precision.F32);
    }

    /** The same in another precision. */
    Workload in(Precision other) {
        return new Workload(vit, batch, training, other);
    }

    /** The backbone of a preset in 32 bits, on images of {@code size} pixels; 0 for the preset's own size. */
    static Workload of(String preset, int batch, int size, boolean training) {
        VitConfig vit = Recipe.backbone(ConfigLayers.defaults().preset(preset).resolve());
        if (size != 0 && (size < vit.patchSize() || size % vit.patchSize() != 0)) {
            throw new IllegalArgumentException("--size must be a multiple of %d, the patch size of %s, got %d"
                    .formatted(vit.patchSize(), preset, size));
        }
        return new Workload(size == 0 ? vit : vit.withImageSize(size), batch, training);
    }

    /** Tokens of one image. */
    int tokens() {
        return vit.numTokens(vit.imageSize(), vit.imageSize());
    }

    /**
     * Floating-point operations of the matrix products for one image: {@code 2 T I O} for a linear layer and {@code 4 T² D} for
     * attention, three times that with the backward pass, as is usual. What recomputes or needs no matrix product does not count.
     */
    double flopsPerImage() {
        double t = tokens();
        double d = vit.embedDim();
        double h = vit.hidden();
        double patches = vit.gridSize() * (double) vit.gridSize();
        double embed = 2 * patches * VitConfig.CHANNELS * vit.patchSize() * vit.patchSize() * d;
        double ffn = vit.ffn() == Ffn.MLP ? 2 * d * h : 3 * d * h;
        double block = 2 * t * (4 * d * d + ffn) + 4 * t * t * d;
        return (training ? 3 : 1) * (embed + vit.depth() * block);
    }

    /** What is run. */
    Summary summary(String preset) {
        int side = vit.imageSize();
        return new Summary(
                training ? "train" : "forward",
                preset,
                side + " x " + side,
                side,
                batch,
                precision.name().toLowerCase(Locale.ROOT),
                ParameterLayout.of(vit.parameters()).length(),
                tokens(),
                flopsPerImage());
    }

    /** Parameters with fixed random values. */
    ParameterVector parameters() {
        ParameterVector p = ParameterVector.zeros(ParameterLayout.of(vit.parameters()), DataType.FLOAT);
        Initialization.fill(p, LAYER_SCALE, SEED);
        return p;
    }

    /** The batch, {@code [B, 3, S, S]}, the same in every process. */
    INDArray images() {
        return noise(SEED, batch, VitConfig.CHANNELS, vit.imageSize(), vit.imageSize());
    }

    /** The direction of the loss in the space of tokens, {@code [1, D]}: random, else layer norm would have no gradient. */
    INDArray lossDirection() {
        return noise(SEED + 1, 1, vit.embedDim());
    }

    /** The weights of tokens in the loss, {@code [B T, 1]}: {@code L = sum_t a_t w . y_t} for normalised tokens {@code y}. */
    INDArray lossWeights() {
        return noise(SEED + 2, (long) batch * tokens(), 1);
    }

    /** Uniform values of mean 0 and variance 1. */
    private static INDArray noise(long seed, long... shape) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[(int) ArrayUtil.prodLong(shape)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (Math.sqrt(12) * (random.nextDouble() - 0.5));
        }
        return Nd4j.createFromArray(values).reshape(shape);
    }
}
