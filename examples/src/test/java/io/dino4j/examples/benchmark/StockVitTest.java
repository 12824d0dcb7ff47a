package io.dino4j.examples.benchmark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What dino4j is measured against must be the same network. */
final class StockVitTest {
    private static final double TOLERANCE = 1e-4;
    private static final int BATCH = 3;

    private static VitConfig tiny(Ffn ffn) {
        return new VitConfig(24, 8, 32, 2, 4, 4, ffn, 0, 1e-5, 0.1, false);
    }

    @ParameterizedTest
    @EnumSource(Ffn.class)
    void tokensAgree(Ffn ffn) {
        Workload work = new Workload(tiny(ffn), BATCH, false);
        try (CompiledVit ours = new CompiledVit(work, Providers.forThisMachine());
                StockVit stock = new StockVit(work)) {
            ours.run();
            stock.run();
            assertClose("tokens", stock.tokens(), ours.tokens());
        }
    }

    @ParameterizedTest
    @EnumSource(Ffn.class)
    void gradientsAgree(Ffn ffn) {
        Workload work = new Workload(tiny(ffn), BATCH, true);
        try (CompiledVit ours = new CompiledVit(work, Providers.forThisMachine());
                StockVit stock = new StockVit(work)) {
            ours.run();
            stock.run();
            ParameterVector gradients = ours.gradients();
            for (Map.Entry<String, INDArray> e : stock.gradients().entrySet()) {
                INDArray mine = StockVit.inStockLayout(e.getKey(), gradients.view(e.getKey()));
                assertClose(e.getKey(), e.getValue(), mine);
            }
            // the mask token, which the stock network does not have, is all that may be missing
            assertTrue(stock.gradients().size() == gradients.layout().names().size() - 1);
        }
    }

    private static void assertClose(String name, INDArray want, INDArray got) {
        assertArrayEquals(want.shape(), got.shape(), name);
        double scale = want.amaxNumber().doubleValue();
        double difference = want.sub(got).amaxNumber().doubleValue();
        assertTrue(scale > 0, name + " is zero");
        assertTrue(difference <= TOLERANCE * scale, () -> "%s: largest value %g, largest difference %g"
                .formatted(name, scale, difference));
    }
}
