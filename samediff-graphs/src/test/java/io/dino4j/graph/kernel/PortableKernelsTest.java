package io.dino4j.graph.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.kernel.OpRunner.Bound;
import io.dino4j.graph.kernel.portable.PortableProvider;
import io.dino4j.graph.op.GraphOp;
import io.dino4j.graph.op.GraphOps;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The gradient of every op against central differences, and FLOAT against DOUBLE. */
final class PortableKernelsTest {
    private static final double STEP = 1e-5;
    private static final double GRADIENT_TOLERANCE = 1e-7;
    private static final double FLOAT_TOLERANCE = 2e-6;

    static Stream<OpCase> small() {
        return OpCases.small().stream();
    }

    static Stream<OpCase> all() {
        return ProviderAgreement.cases();
    }

    @Test
    void everyOpIsTried() {
        Set<String> tried = ProviderAgreement.cases()
                .flatMap(c -> new WiredOp(c).ops().stream())
                .map(GraphOp::opName)
                .collect(Collectors.toSet());
        assertEquals(GraphOps.all().stream().map(GraphOp::opName).collect(Collectors.toSet()), tried);
    }

    @ParameterizedTest
    @MethodSource("all")
    void floatAgreesWithDouble(OpCase c) {
        assertEquals(List.of(), ProviderAgreement.check(new PortableProvider(), c, FLOAT_TOLERANCE));
    }

    static Stream<OpCase> mixed() {
        return MixedAgreement.cases();
    }

    @ParameterizedTest
    @MethodSource("mixed")
    void mixedPrecisionAgreesWithDouble(OpCase c) {
        assertEquals(
                List.of(), MixedAgreement.check(new PortableProvider(), c, FLOAT_TOLERANCE, MixedAgreement.ROUNDING));
    }

    @Tag("gradcheck")
    @ParameterizedTest
    @MethodSource("small")
    void gradientEqualsDifferences(OpCase c) {
        WiredOp wired = new WiredOp(c);
        OpRunner runner = new OpRunner(new PortableProvider(), DataType.DOUBLE);
        List<INDArray> gradients = OpCases.outputGradients(c, wired);
        Map<String, INDArray> values = wired.run(runner, c.inputs(), gradients);
        int checked = 0;
        for (int i = 0; i < c.inputs().size(); i++) {
            if (wired.hasGradient(i)) {
                INDArray byDifferences = differences(runner, wired.op(), c.inputs(), gradients, i);
                ProviderAgreement.assertClose(
                        byDifferences, wired.gradient(i, values), GRADIENT_TOLERANCE, c + ", gradient of input " + i);
                checked++;
            }
        }
        assertTrue(checked > 0, "an op with a gradient has an input that it reaches");
    }

    private static INDArray differences(
            OpRunner runner, GraphOp op, List<INDArray> inputs, List<INDArray> gradients, int input) {
        try (Bound bound = runner.bind(op, inputs, -1).orElseThrow()) {
            INDArray x = bound.inputs().get(input);
            INDArray result = x.dup('c');
            INDArray slopes = result.reshape(x.length());
            INDArray flat = x.reshape(x.length());
            double step = STEP * Math.max(x.norm2Number().doubleValue() / Math.sqrt(x.length()), 1e-12);
            for (long e = 0; e < x.length(); e++) {
                double old = flat.getDouble(e);
                flat.putScalar(e, old + step);
                double above = objective(bound, gradients);
                flat.putScalar(e, old - step);
                double below = objective(bound, gradients);
                flat.putScalar(e, old);
                slopes.putScalar(e, (above - below) / (2 * step));
            }
            return result;
        }
    }

    /** The sum of all outputs weighted by their gradients. */
    private static double objective(Bound bound, List<INDArray> gradients) {
        bound.run();
        double sum = 0;
        for (int i = 0; i < gradients.size(); i++) {
            if (gradients.get(i) != null) {
                sum += bound.outputs()[i].mul(gradients.get(i)).sumNumber().doubleValue();
            }
        }
        return sum;
    }
}
