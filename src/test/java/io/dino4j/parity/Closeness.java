package io.dino4j.parity;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The comparisons of the fixtures' README. */
final class Closeness {
    /** Forward tokens, logits, targets, losses. */
    static final double FORWARD = 1e-5;
    /** Gradients, each parameter on its own. */
    static final double GRADIENT = 5e-5;
    /** The gradient of KoLeo where rows are almost equal. */
    static final double NEAR_GRADIENT = 2e-4;
    /** Sums of some two thousand terms that cancel. */
    static final double WEIGHTED_SUM = 1e-3;

    private Closeness() {}

    /** Fails unless {@code |actual - expected| / |expected| <= limit}, and the shapes are equal. */
    static void assertRelative(INDArray expected, INDArray actual, double limit, String what) {
        double error = relative(expected, actual, what);
        assertTrue(error <= limit, () -> "%s: relative error %.3g, allowed %.3g".formatted(what, error, limit));
    }

    /** {@code |actual - expected| / |expected|} in double. */
    static double relative(INDArray expected, INDArray actual, String what) {
        assertArrayEquals(expected.shape(), actual.shape(), what);
        INDArray e = expected.castTo(DataType.DOUBLE);
        INDArray a = actual.castTo(DataType.DOUBLE);
        double norm = e.norm2Number().doubleValue();
        double difference = a.sub(e).norm2Number().doubleValue();
        return difference == 0 ? 0 : difference / norm;
    }

    /** Fails unless every element is within {@code limit}. */
    static void assertAbsolute(INDArray expected, INDArray actual, double limit, String what) {
        assertArrayEquals(expected.shape(), actual.shape(), what);
        double error = actual.castTo(DataType.DOUBLE)
                .sub(expected.castTo(DataType.DOUBLE))
                .amaxNumber()
                .doubleValue();
        assertTrue(error <= limit, () -> "%s: off by %.3g, allowed %.3g".formatted(what, error, limit));
    }
}
