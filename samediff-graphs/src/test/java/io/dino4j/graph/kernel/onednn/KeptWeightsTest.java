package io.dino4j.graph.kernel.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.exec.Bindings;
import io.dino4j.graph.exec.Gradients;
import io.dino4j.graph.exec.Plan;
import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.kernel.WeightVersion;
import io.dino4j.graph.op.GraphOps;
import io.dino4j.graph.op.Linear;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Packed copies of weights are kept only where the owner says when weights change, and then until he says so. */
final class KeptWeightsTest {
    /** Enough rows for weights to be packed. */
    private static final int ROWS = 300;

    private static final int IN = 24;
    private static final int OUT = 40;

    private final INDArray w = Nd4j.rand(DataType.FLOAT, OUT, IN);
    private final INDArray x = Nd4j.rand(DataType.FLOAT, ROWS, IN);

    /** {@code y = x w^T}, and the gradients of {@code sum y^2}. */
    private Plan plan(Optional<WeightVersion> version) {
        GraphOps.register();
        SameDiff sd = SameDiff.create();
        SDVariable in = sd.placeHolder("x", DataType.FLOAT, ROWS, IN);
        SDVariable weight = sd.var("w", DataType.FLOAT, OUT, IN);
        SDVariable y = new Linear(sd, in, weight, null, false, null, null).outputVariables()[0].rename("y");
        sd.sum(y.mul(y)).rename("loss");
        sd.setLossVariables("loss");
        SameDiff graph = Gradients.graph(sd, List.of("x", "w"));
        return Plan.compile(
                graph,
                List.of("y", Gradients.nameOf(sd, "x")),
                Map.of(),
                new Bindings(Map.of("x", x, "w", w), Map.of(), version),
                List.of(new OneDnnProvider()),
                Collective.ALONE);
    }

    private void assertUses(INDArray weight, Plan plan) {
        INDArray y = x.mmul(weight.transpose());
        assertNear(y, plan.output("y"));
        assertNear(y.mul(2).mmul(weight), plan.output("x-grad"));
    }

    private static void assertNear(INDArray want, INDArray got) {
        double scale = want.amaxNumber().doubleValue();
        double difference = want.sub(got).amaxNumber().doubleValue();
        assertTrue(difference < 1e-5 * scale, () -> difference + " of " + scale);
    }

    @Test
    void withoutAWordWeightsCountAsChanged() {
        try (Plan plan = plan(Optional.empty())) {
            plan.run();
            assertUses(w, plan);
            w.muli(-3);
            plan.run();
            assertUses(w, plan);
        }
    }

    @Test
    void weightsAreReadAgainWhenTheOwnerSaysSo() {
        WeightVersion version = new WeightVersion();
        try (Plan plan = plan(Optional.of(version))) {
            plan.run();
            assertUses(w, plan);
            INDArray before = w.dup();
            w.muli(-3);
            plan.run();
            assertUses(before, plan);
            version.changed();
            plan.run();
            assertUses(w, plan);
        }
    }

    @Test
    void activationsAreReadEveryTime() {
        try (Plan plan = plan(Optional.of(new WeightVersion()))) {
            plan.run();
            x.muli(2);
            plan.run();
            assertUses(w, plan);
        }
    }

    @Test
    void copiesCountAsMemoryOfThePlan() {
        try (Plan changing = plan(Optional.empty());
                Plan keeping = plan(Optional.of(new WeightVersion()))) {
            // one copy for each direction; the layout may pad
            assertTrue(keeping.bytes() >= changing.bytes(), "kept copies are not counted");
            assertEquals(changing.size(), keeping.size());
        }
    }
}
