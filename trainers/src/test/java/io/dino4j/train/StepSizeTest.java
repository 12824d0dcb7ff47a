package io.dino4j.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.Precision;
import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.param.Initialization;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.train.TinyStep.Variant;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;

/** What a step needs is known before it is compiled, and recomputation changes nothing but that. */
final class StepSizeTest {
    @ParameterizedTest
    @CsvSource({"1, false, false", "1, true, false", "3, true, false", "1, true, true"})
    void sizeAndCostAreThoseOfTheModel(int microBatches, boolean recompute, boolean distills) {
        Variant variant = new Variant(SslConfig.Targets.SINKHORN_KNOPP, true, 2, distills ? 0 : 0.5, 0.1, distills);
        SslConfig c = variant.config(6, microBatches);
        StepSize size = StepSize.of(c, Precision.F32, recompute);
        try (SslModel model = model(c, recompute)) {
            Exchange exchange = Exchange.of(c, DataType.FLOAT);
            long intermediate = model.planBytes() - exchange.bytes();
            long gathered =
                    microBatches == 1 ? 0 : model.planBytes() / 2; // copies of rows and gradients between graphs
            long least = size.student() + size.teacher();
            assertTrue(least <= intermediate, least + " of " + intermediate);
            assertTrue(intermediate <= least + size.scratch() + gathered, intermediate + " of " + least);
            assertEquals(model.cost(), size.cost());
        }
    }

    private static SslModel model(SslConfig c, boolean recompute) {
        SslModel model = new SslModel(c, Precision.F32, Providers.ONEDNN.list(), Collective.ALONE, recompute);
        Initialization.fill(model.student(), new Initialization.Spread(0.5, 0.1, 0.1, 0.1), 1);
        model.average().vector().assign(model.student().vector());
        return model;
    }

    @ParameterizedTest
    @CsvSource({"1", "3"})
    void recomputedBlocksGiveTheSameBits(int microBatches) {
        SslConfig c = new Variant(SslConfig.Targets.CENTERING, true, 2, 0.5, 0.1, false).config(6, microBatches);
        SslConfig whole = new Variant(SslConfig.Targets.CENTERING, true, 2, 0.5, 0.1, false).config(6, 1);
        try (SslModel kept = model(c, false);
                SslModel other = model(whole, false);
                SslModel again = model(c, true)) {
            TinyStep.Drawn drawn = TinyStep.draw(kept, other, 1);
            List<StepInputs> in = drawn.micro();
            assertEquals(
                    kept.forwardBackward(in, TinyStep.TEMPERATURE), again.forwardBackward(in, TinyStep.TEMPERATURE));
            assertArrayEquals(
                    kept.gradients().vector().toFloatVector(),
                    again.gradients().vector().toFloatVector(),
                    0);
            assertTrue(again.planBytes() < kept.planBytes());
        }
    }
}
