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
    private static final double WEIGHT_STD = 0.02;
    private static final double TOKEN_STD = 1e-6;

    private Initialization() {}

    /**
     * Fills a network. Each parameter has a generator of its own, made from seed and name.
     *
     * @param layerScale start value of layer-scale
     */
    public static void fill(ParameterVector network, double layerScale, long seed) {
        for (ParameterLayout.Entry e : network.layout().entries()) {
            SplittableRandom random = new SplittableRandom(seed ^ mix(e.name()));
            draw(network.view(e.name()), source(e, layerScale, random));
        }
    }

    private static long mix(String name) {
        CRC32 crc = new CRC32();
        crc.update(name.getBytes(StandardCharsets.UTF_8));
        return crc.getValue() * 0x9e3779b97f4a7c15L;
    }

    private static DoubleSupplier source(ParameterLayout.Entry e, double layerScale, SplittableRandom random) {
        String name = e.name();
        if (name.endsWith("gamma")) {
            return () -> layerScale;
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
        double std = name.endsWith("cls_token") || name.endsWith("register_tokens") ? TOKEN_STD : WEIGHT_STD;
        return () -> std * random.nextGaussian();
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
