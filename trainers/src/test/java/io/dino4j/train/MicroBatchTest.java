package io.dino4j.train;

import static io.dino4j.graph.ssl.SslConfig.Targets.CENTERING;
import static io.dino4j.graph.ssl.SslConfig.Targets.SINKHORN_KNOPP;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.exec.Providers;
import io.dino4j.train.TinyStep.Variant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Micro-batches give the losses and gradients of one batch made of the same images. */
final class MicroBatchTest {
    private static final int MICRO_BATCHES = 3;

    static Stream<Variant> variants() {
        return Stream.of(
                new Variant(SINKHORN_KNOPP, false, 2, 0.5, 0.1, false),
                new Variant(SINKHORN_KNOPP, true, 0, 0.5, 0.1, false),
                new Variant(CENTERING, true, 2, 0, 0.1, false),
                new Variant(CENTERING, false, 0, 0.5, 0, false),
                new Variant(SINKHORN_KNOPP, true, 2, 0, 0.1, true),
                new Variant(CENTERING, true, 0, 0, 0, true));
    }

    @ParameterizedTest
    @MethodSource("variants")
    void areOneBatchInDouble(Variant variant) {
        compare(variant, DataType.DOUBLE, Providers.PORTABLE, 1e-10);
    }

    @ParameterizedTest
    @MethodSource("variants")
    void areOneBatchInFloat(Variant variant) {
        compare(variant, DataType.FLOAT, Providers.ONEDNN, 2e-5);
    }

    /** Two steps, so that nothing of the first may be left in the second, and centres move. */
    private static void compare(Variant variant, DataType type, Providers providers, double tolerance) {
        int images = MICRO_BATCHES * TinyStep.BATCH;
        try (SslModel micro = TinyStep.model(variant.config(images, MICRO_BATCHES), type, providers);
                SslModel whole = TinyStep.model(variant.config(images, 1), type, providers)) {
            for (int step = 0; step < 2; step++) {
                TinyStep.Drawn drawn = TinyStep.draw(micro, whole, 7 + step);
                Map<String, Double> wanted = whole.forwardBackward(List.of(drawn.whole()), TinyStep.TEMPERATURE);
                Map<String, Double> got = micro.forwardBackward(drawn.micro(), TinyStep.TEMPERATURE);
                assertEquals(wanted.keySet(), got.keySet());
                wanted.forEach((name, value) ->
                        assertEquals(value, got.get(name), tolerance * Math.max(1, Math.abs(value)), name));
                for (String name : micro.gradients().layout().names()) {
                    assertNear(whole.gradients().view(name), micro.gradients().view(name), tolerance, name);
                }
                assertNear(whole.clsTargets(), micro.clsTargets(), tolerance, "targets");
                assertNear(whole.teacherFeatures(), micro.teacherFeatures(), tolerance, "teacher's features");
                assertNear(whole.studentFeatures(), micro.studentFeatures(), tolerance, "student's features");
                for (int i = 0; i < 2; i++) {
                    assertNear(whole.centers().get(i), micro.centers().get(i), tolerance, "centres");
                }
                assertTrue(whole.gradients().vector().norm2Number().doubleValue() > 0.1);
            }
        }
    }

    /** Relative to the largest element, or to 1e-3 where that is less. */
    private static void assertNear(INDArray wanted, INDArray got, double tolerance, String what) {
        double largest = wanted.amaxNumber().doubleValue();
        double difference = wanted.sub(got).amaxNumber().doubleValue();
        assertTrue(difference <= tolerance * Math.max(largest, 1e-3), () -> "%s differs by %.3g of %.3g"
                .formatted(what, difference, largest));
    }

    @Test
    void anotherNumberOfMicroBatchesIsRefused() {
        Variant variant = new Variant(SINKHORN_KNOPP, false, 0, 0, 0, false);
        try (SslModel model = TinyStep.model(variant.config(4, 2), DataType.FLOAT, Providers.PORTABLE);
                SslModel whole = TinyStep.model(variant.config(4, 1), DataType.FLOAT, Providers.PORTABLE)) {
            List<StepInputs> one = TinyStep.draw(model, whole, 1).micro().subList(0, 1);
            String message = assertThrows(
                            IllegalArgumentException.class, () -> model.forwardBackward(one, TinyStep.TEMPERATURE))
                    .getMessage();
            assertEquals("a step takes 2 micro-batches, got 1", message);
        }
    }
}
