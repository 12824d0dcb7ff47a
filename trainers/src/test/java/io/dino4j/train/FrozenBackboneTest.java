package io.dino4j.train;

import static io.dino4j.graph.ssl.SslConfig.Targets.SINKHORN_KNOPP;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.train.TinyStep.Variant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Only the heads have gradients while the backbone is frozen. */
final class FrozenBackboneTest {
    private static void assertSame(Map<String, Double> wanted, Map<String, Double> got) {
        assertEquals(wanted.keySet(), got.keySet());
        wanted.forEach((name, value) -> assertEquals(value, got.get(name), 1e-12, name));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void headsLearnAsBeforeAndTheBackboneNot(int microBatches) {
        Variant variant = new Variant(SINKHORN_KNOPP, true, 2, 0.5, 0.1, false);
        SslConfig config = variant.config(4, microBatches);
        try (SslModel model = TinyStep.model(config, DataType.DOUBLE, Providers.PORTABLE);
                SslModel whole = TinyStep.model(variant.config(4, 1), DataType.DOUBLE, Providers.PORTABLE)) {
            TinyStep.Drawn drawn = TinyStep.draw(model, whole, 3);
            List<StepInputs> in = microBatches == 1 ? List.of(drawn.whole()) : drawn.micro();
            Map<String, Double> losses = model.forwardBackward(in, TinyStep.TEMPERATURE);
            ParameterVector gradients = model.gradients();
            INDArray all = gradients.vector().dup();
            double flops = model.cost().flops();

            model.freezeBackbone(true);
            assertSame(losses, model.forwardBackward(in, TinyStep.TEMPERATURE));
            long heads = gradients.layout().get("dino_head.mlp.0.weight").offset();
            for (String name : gradients.layout().names()) {
                INDArray now = gradients.view(name).dup();
                double norm = now.norm2Number().doubleValue();
                if (name.startsWith(SslConfig.BACKBONE)) {
                    assertEquals(0, norm, name);
                } else {
                    assertTrue(norm > 0, name);
                }
            }
            INDArray ofHeads = all.get(NDArrayIndex.interval(heads, all.length()));
            INDArray nowOfHeads = gradients.vector().get(NDArrayIndex.interval(heads, all.length()));
            assertTrue(ofHeads.equalsWithEps(nowOfHeads, 1e-12));
            assertTrue(model.cost().flops() < 0.8 * flops, "the backward pass of the backbone is left out");

            model.freezeBackbone(false);
            assertSame(losses, model.forwardBackward(in, TinyStep.TEMPERATURE));
            assertTrue(all.equalsWithEps(gradients.vector(), 1e-12));
        }
    }
}
