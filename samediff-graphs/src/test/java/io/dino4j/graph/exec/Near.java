package io.dino4j.graph.exec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Compares arrays. */
public final class Near {
    /** Relative to the largest element: what float32 and another order of additions allow. */
    public static final double FLOAT = 2e-5;

    private Near() {}

    /** Fails unless shapes are equal and no element differs by more than {@code tolerance} of the largest expected. */
    public static void assertNear(INDArray expected, INDArray actual, double tolerance, String what) {
        assertNotNull(actual, what);
        assertArrayEquals(expected.shape(), actual.shape(), what);
        double[] e = values(expected);
        double[] a = values(actual);
        double largest = 0;
        double difference = 0;
        for (int i = 0; i < e.length; i++) {
            assertTrue(Double.isFinite(a[i]), what + " is not finite");
            largest = Math.max(largest, Math.abs(e[i]));
            difference = Math.max(difference, Math.abs(e[i] - a[i]));
        }
        assertTrue(difference <= tolerance * (largest + 1e-3), what + " differs by " + difference + " of " + largest);
    }

    /** Compares arrays by name. */
    public static void assertNear(Map<String, INDArray> expected, Map<String, INDArray> actual, double tolerance) {
        assertEquals(expected.keySet(), actual.keySet());
        expected.forEach((name, e) -> assertNear(e, actual.get(name), tolerance, name));
    }

    /** Fails unless arrays are equal to the last bit. */
    public static void assertSame(INDArray expected, INDArray actual, String what) {
        assertArrayEquals(expected.shape(), actual.shape(), what);
        assertArrayEquals(values(expected), values(actual), what);
    }

    private static double[] values(INDArray a) {
        return a.castTo(DataType.DOUBLE).dup('c').reshape(a.length()).toDoubleVector();
    }
}
