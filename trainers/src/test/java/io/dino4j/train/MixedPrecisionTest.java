package io.dino4j.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.Precision;
import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.ssl.SslConfig;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Steps with activations of 16 bits beside the same steps in 32. */
final class MixedPrecisionTest {
    /** Of the loss terms, relative to {@code 1 + |term|}: some are near zero. */
    private static final double LOSS = 0.005;

    /** Of the gradient of all parameters. */
    private static final double COSINE = 0.999;

    /** Of the length of that gradient. */
    private static final double NORM = 0.01;

    static Stream<Arguments> steps() {
        TinyStep.Variant sinkhorn = new TinyStep.Variant(SslConfig.Targets.SINKHORN_KNOPP, true, 2, 0.3, 0.1, false);
        TinyStep.Variant microBatches = new TinyStep.Variant(SslConfig.Targets.SINKHORN_KNOPP, false, 2, 0, 0.1, false);
        TinyStep.Variant centering = new TinyStep.Variant(SslConfig.Targets.CENTERING, false, 0, 0, 0, false);
        TinyStep.Variant distillation = new TinyStep.Variant(SslConfig.Targets.SINKHORN_KNOPP, true, 2, 0, 0.1, true);
        return Stream.of(Providers.ONEDNN, Providers.PORTABLE)
                .flatMap(p -> Stream.of(
                        Arguments.of(sinkhorn, 1, p),
                        Arguments.of(microBatches, 2, p),
                        Arguments.of(centering, 1, p),
                        Arguments.of(distillation, 1, p)));
    }

    @ParameterizedTest
    @MethodSource("steps")
    void lossesAndGradientsAreThoseOf32Bits(TinyStep.Variant variant, int microBatches, Providers providers) {
        SslConfig config = variant.config(TinyStep.BATCH * microBatches, microBatches);
        try (SslModel wide = TinyStep.model(config, Precision.F32, providers);
                SslModel narrow = TinyStep.model(config, Precision.BF16, providers)) {
            List<StepInputs> in = TinyStep.draw(wide, wide, 5).micro();
            Map<String, Double> expected = wide.forwardBackward(in, TinyStep.TEMPERATURE);
            Map<String, Double> actual = narrow.forwardBackward(in, TinyStep.TEMPERATURE);
            assertEquals(expected.keySet(), actual.keySet());
            expected.forEach(
                    (name, value) -> assertEquals(value, actual.get(name), LOSS * (1 + Math.abs(value)), name));
            INDArray e = wide.gradients().vector().castTo(DataType.DOUBLE);
            INDArray a = narrow.gradients().vector().castTo(DataType.DOUBLE);
            double lengths = e.norm2Number().doubleValue() * a.norm2Number().doubleValue();
            double cosine = e.mul(a).sumNumber().doubleValue() / lengths;
            assertTrue(cosine > COSINE && cosine < 1, "cosine " + cosine);
            assertEquals(1, a.norm2Number().doubleValue() / e.norm2Number().doubleValue(), NORM);
            assertEquals(DataType.FLOAT, narrow.studentFeatures().dataType());

            ParameterVector gradients = narrow.gradients();
            float[] first = gradients.vector().dup().toFloatVector();
            narrow.forwardBackward(in, TinyStep.TEMPERATURE);
            if (config.targets() == SslConfig.Targets.SINKHORN_KNOPP) { // else the centre has moved
                assertArrayEquals(first, gradients.vector().toFloatVector());
            }
        }
    }
}
