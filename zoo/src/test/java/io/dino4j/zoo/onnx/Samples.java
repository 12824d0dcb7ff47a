package io.dino4j.zoo.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.param.Initialization;
import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.vit.VitConfig;
import java.util.Map;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Weights and images to compare models on. */
final class Samples {
    /** Relative error of a forward pass. */
    static final double FORWARD = 1e-5;

    private Samples() {}

    static Map<String, INDArray> weights(VitConfig config) {
        ParameterVector network = ParameterVector.zeros(ParameterLayout.of(config.parameters()), DataType.FLOAT);
        // positions weigh as much as pixels, so that a wrong one shows; nothing is zero or one
        Initialization.fill(network, new Initialization.Spread(1, 0.2, 0.5, 0.2), 3);
        SplittableRandom random = new SplittableRandom(4);
        network.views("").forEach((name, w) -> {
            if (!name.equals("pos_embed") && (name.contains("norm") || !name.endsWith(".weight"))) {
                w.addi(normal(random, 0.3, w.shape()));
            }
        });
        return network.views("");
    }

    static INDArray normal(SplittableRandom random, double deviation, long... shape) {
        float[] values = new float[(int) Nd4j.createUninitialized(shape).length()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (deviation * random.nextGaussian());
        }
        return Nd4j.createFromArray(values).reshape(shape);
    }

    static INDArray images(int count, int height, int width) {
        return normal(new SplittableRandom(count + 31L * height + width), 1, count, 3, height, width);
    }

    static void assertClose(INDArray expected, INDArray actual, double limit, String what) {
        assertArrayEquals(expected.shape(), actual.shape(), what);
        INDArray e = expected.castTo(DataType.DOUBLE);
        double error = actual.castTo(DataType.DOUBLE).sub(e).norm2Number().doubleValue()
                / e.norm2Number().doubleValue();
        assertTrue(error <= limit, () -> "%s: relative error %.3g, allowed %.3g".formatted(what, error, limit));
    }
}
