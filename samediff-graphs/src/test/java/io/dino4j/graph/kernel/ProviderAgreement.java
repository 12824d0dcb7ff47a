package io.dino4j.graph.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.kernel.portable.PortableProvider;
import io.dino4j.graph.op.GraphOp;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Compares a provider in FLOAT with the portable one in DOUBLE, op by op, forward and gradient, on the same inputs (so errors do not
 * add up from op to op). To use it, write a parameterised test over {@link #cases()} that calls {@link #check}.
 */
public final class ProviderAgreement {
    private ProviderAgreement() {}

    /** Every op, small and large. */
    public static Stream<OpCase> cases() {
        return Stream.concat(OpCases.small().stream(), OpCases.large().stream());
    }

    /**
     * Compares all ops of a case: all outputs, a second run of the same kernel, and each output alone while nobody reads the others.
     *
     * @param tolerance largest relative error of an output, in the Euclidean norm
     * @return the names of the ops that the provider has no kernel for
     */
    public static List<String> check(KernelProvider provider, OpCase c, double tolerance) {
        WiredOp wired = new WiredOp(c);
        OpRunner reference = new OpRunner(new PortableProvider(), DataType.DOUBLE);
        Map<String, INDArray> values = wired.run(reference, c.inputs(), OpCases.outputGradients(c, wired));
        List<String> missing = new ArrayList<>();
        for (GraphOp op : wired.ops()) {
            List<INDArray> inputs = wired.inputs(op, values);
            List<INDArray> expected = wired.outputs(op, values);
            OpRunner runner = new OpRunner(provider, DataType.FLOAT);
            if (!compare(runner, op, inputs, expected, -1, tolerance)) {
                missing.add(op.opName());
                continue;
            }
            for (int i = 0; i < expected.size() && expected.size() > 1; i++) {
                compare(runner, op, inputs, expected, i, tolerance);
            }
        }
        return missing;
    }

    private static boolean compare(
            OpRunner runner, GraphOp op, List<INDArray> inputs, List<INDArray> expected, int only, double tolerance) {
        var bound = runner.bind(op, inputs, only);
        bound.ifPresent(b -> compare(b, expected, out -> tolerance));
        return bound.isPresent();
    }

    /** Runs twice and compares; the tolerance may depend on the output. */
    static void compare(OpRunner.Bound bound, List<INDArray> expected, ToDoubleFunction<INDArray> tolerance) {
        try (bound) {
            for (int run = 0; run < 2; run++) {
                bound.run();
                bound.checkGuards();
                for (int i = 0; i < expected.size(); i++) {
                    INDArray out = bound.outputs()[i];
                    if (out != null) {
                        assertClose(
                                expected.get(i),
                                out,
                                tolerance.applyAsDouble(out),
                                "output %d of %s, run %d"
                                        .formatted(i, bound.op().opName(), run));
                    }
                }
            }
        }
    }

    /** {@code |actual - expected| <= tolerance |expected|} in the Euclidean norm; equal for integers. */
    public static void assertClose(INDArray expected, INDArray actual, double tolerance, String what) {
        if (expected.dataType().isIntType()) {
            assertEquals(expected, actual, what);
            return;
        }
        double error = relativeError(expected, actual);
        assertTrue(error <= tolerance, () -> what + ": relative error " + error + " is above " + tolerance);
    }

    /** {@code |actual - expected| / |expected|}, worked out in double; infinite where {@code actual} is not finite. */
    public static double relativeError(INDArray expected, INDArray actual) {
        double[] e = flat(expected);
        double[] a = flat(actual);
        assertEquals(e.length, a.length);
        double difference = 0;
        double size = 0;
        for (int i = 0; i < e.length; i++) {
            difference += (a[i] - e[i]) * (a[i] - e[i]);
            size += e[i] * e[i];
        }
        if (Double.isNaN(difference)) {
            return Double.POSITIVE_INFINITY;
        }
        return difference == 0 ? 0 : Math.sqrt(difference / size);
    }

    private static double[] flat(INDArray x) {
        return x.castTo(DataType.DOUBLE).dup('c').reshape(x.length()).toDoubleVector();
    }
}
