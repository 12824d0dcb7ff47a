package io.dino4j.graph.exec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.op.Linear;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Variables of shapes alone serve wherever a plan gets arrays from elsewhere. */
final class BoundGraphTest {
    private static final DataType F = DataType.FLOAT;

    @Test
    void neitherTheGraphNorItsGradientHoldsVariables() {
        SameDiff sd = BoundGraph.create();
        SDVariable x = sd.placeHolder("x", F, 2, 3);
        SDVariable w = sd.var("w", F, 5, 3);
        sd.sum("loss", new Linear(sd, x, w, null, true, null, null).outputVariables()[0]);
        sd.setLossVariables("loss");
        SameDiff gradient = Gradients.graph(sd, List.of("w"));
        for (SameDiff graph : List.of(sd, gradient)) {
            INDArray held = graph.getVariable("w").getArr();
            assertArrayEquals(new long[] {5, 3}, held.shape());
            assertEquals(1, held.data().length());
        }

        INDArray bound = TinyVit.random(F, 5, 3);
        INDArray target = Nd4j.create(F, 5, 3);
        String name = Gradients.nameOf(sd, "w");
        try (Plan plan = Plan.compile(
                gradient,
                List.of("loss", name),
                Map.of(),
                new Bindings(Map.of("w", bound), Map.of(name, target)),
                Providers.PORTABLE.list(),
                Collective.ALONE)) {
            plan.input("x").assign(TinyVit.random(F, 2, 3));
            plan.run();
            SameDiff usual = SameDiff.create();
            SDVariable y = new Linear(
                            usual, usual.placeHolder("x", F, 2, 3), usual.var("w", bound), null, true, null, null)
                    .outputVariables()[0];
            usual.sum("loss", y);
            usual.setLossVariables("loss");
            Map<String, INDArray> in = Map.of("x", plan.input("x"));
            SameDiff usualGradient = Gradients.graph(usual, List.of("w"));
            Map<String, INDArray> expected = Interpreter.output(usualGradient, in, List.of("loss", name));
            Near.assertNear(expected.get("loss"), plan.output("loss"), Near.FLOAT, "loss");
            Near.assertNear(expected.get(name), target, Near.FLOAT, "gradient");
        }
    }
}
