package io.dino4j.graph.param;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;
import java.util.zip.CRC32;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The start values of a network (official {@code vision_transformer.py}, {@code dino_head.py}): linear weights and positions normal with
 * standard deviation 0.02; cls and registers 1e-6; biases and the mask token 0; norms 1 and 0; layer-scale its constant; the patch
 * embedding and the prototypes uniform within {@code 1 / sqrt(fan in)}; the prototypes' lengths 1.
 */
public final class Initialization {
    private static final double TOKEN_STD = 1e-6;

    /**
     * Spreads of the start values. The official 0.02 suits widths around 768; a network of width 128 that starts from it hardly
     * passes anything on, and learns slowly.
     *
     * @param layerScale start value of layer-scale
     * @param weights standard deviation of the backbone's linear weights
     * @param positions standard deviation of the position embedding
     * @param heads standard deviation of the heads' linear weights
     */
    public record Spread(double layerScale, double weights, double positions, double heads) {
        /** The official values. */
        public static Spread official(double layerScale) {
            return new Spread(layerScale, 0.02, 0.02, 0.02);
        }
    }

    private Initialization() {}

    /**
     * Fills a network with the official spreads.
     *
     * @param layerScale start value of layer-scale
     */
    public static void fill(ParameterVector network, double layerScale, long seed) {
        fill(network, Spread.official(layerScale), seed);
    }

    /** Fills a network. Each parameter has a generator of its own, made from seed and name. */
    public static void fill(ParameterVector network, Spread spread, long seed) {
        for (ParameterLayout.Entry e : network.layout().entries()) {
            SplittableRandom random = new SplittableRandom(seed ^ mix(e.name()));
            draw(network.view(e.name()), source(e, spread, random));
        }
    }

    private static long mix(String name) {
        CRC32 crc = new CRC32();
        crc.update(name.getBytes(StandardCharsets.UTF_8));
        return crc.getValue() * 0x9e3779b97f4a7c15L;
    }

    private static DoubleSupplier source(ParameterLayout.Entry e, Spread spread, SplittableRandom random) {
        String name = e.name();
        if (name.endsWith("gamma")) {
            return spread::layerScale;
        }
        if (name.contains("norm")) {
            return name.endsWith("weight") ? () -> 1 : () -> 0;
        }
        if (name.endsWith("weight_g")) {
            return () -> 1;
        }
        if (name.contains("patch_embed")) {
            return uniform(fanInOfPatchEmbedding(e), random);
        }
        if (name.endsWith("weight_v")) {
            return uniform(e.shape()[1], random);
        }
        if (name.endsWith("bias") || name.endsWith("mask_token")) {
            return () -> 0;
        }
        double std = standardDeviation(name, spread);
        return () -> std * random.nextGaussian();
    }

    private static double standardDeviation(String name, Spread spread) {
        if (name.endsWith("cls_token") || name.endsWith("register_tokens")) {
            return TOKEN_STD;
        }
        if (name.endsWith("pos_embed")) {
            return spread.positions();
        }
        return name.contains("_head.") ? spread.heads() : spread.weights();
    }

    /** Of the bias too: PyTorch draws it from the range of the weight; patches have 3 channels and the bias does not tell their size. */
    private static double fanInOfPatchEmbedding(ParameterLayout.Entry e) {
        return e.shape().length == 1 ? Double.POSITIVE_INFINITY : e.length() / (double) e.shape()[0];
    }

    private static DoubleSupplier uniform(double fanIn, SplittableRandom random) {
        double bound = 1 / Math.sqrt(fanIn);
        return () -> bound * (2 * random.nextDouble() - 1);
    }

    private static void draw(INDArray target, DoubleSupplier source) {
        double[] values = new double[(int) target.length()];
        for (int i = 0; i < values.length; i++) {
            values[i] = source.getAsDouble();
        }
        target.assign(Nd4j.createFromArray(values).reshape(target.shape()));
    }
}
