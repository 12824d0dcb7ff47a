package io.dino4j.graph.exec;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.op.AddRows;
import io.dino4j.graph.op.GraphOps;
import io.dino4j.graph.op.Linear;
import io.dino4j.graph.op.PrototypeCrossEntropy;
import io.dino4j.graph.op.SplitRows;
import io.dino4j.graph.op.WeightNorm;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Ops write over their inputs where nobody wants these any more, and nowhere else. An output that is asked for is wanted to the end. */
final class OverwritingTest {
    private static final DataType F = DataType.FLOAT;
    private static final int ROWS = 40;
    private static final int WIDTH = 64;
    private static final long MATRIX = (long) ROWS * WIDTH * Float.BYTES;

    private static Plan plan(SameDiff sd, Providers providers, List<String> outputs) {
        return Plan.compile(sd, outputs, Map.of(), Bindings.NONE, providers.list(), Collective.ALONE);
    }

    /** {@code logits = x w^T} in two parts, one cross-entropy on each; rows of weight 0 among them. */
    private static SameDiff losses() {
        GraphOps.register();
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.var("x", TinyVit.random(F, ROWS, 8));
        SDVariable w = sd.var("w", TinyVit.random(F, WIDTH, 8));
        SDVariable logits = new Linear(sd, x, w, null, false, null, null).outputVariables()[0].rename("logits");
        SDVariable[] parts = new SplitRows(sd, logits, 10, ROWS - 10).outputVariables();
        List<SDVariable> losses = new ArrayList<>();
        for (SDVariable part : parts) {
            int n = losses.isEmpty() ? 10 : ROWS - 10;
            INDArray t = Nd4j.nn.softmax(TinyVit.random(F, n, WIDTH));
            INDArray weights = Nd4j.ones(F, n);
            weights.putScalar(n - 1, 0);
            INDArray assignment = Nd4j.arange(n).castTo(DataType.INT32).reshape(n, 1);
            losses.add(new PrototypeCrossEntropy(
                            sd, part, sd.constant(t), sd.constant(assignment), sd.constant(weights), 0.1)
                    .outputVariables()[0]);
        }
        losses.get(0).add(losses.get(1)).rename("loss");
        sd.setLossVariables("loss");
        return sd;
    }

    @ParameterizedTest
    @EnumSource(Providers.class)
    void gradientsTakeThePlaceOfLogits(Providers providers) {
        SameDiff sd = losses();
        SameDiff graph = Gradients.graph(sd, List.of("x", "w"));
        List<String> wanted = List.of("loss", Gradients.nameOf(sd, "x"), Gradients.nameOf(sd, "w"));
        List<String> more = new ArrayList<>(wanted);
        more.add("logits");
        try (Plan over = plan(graph, providers, wanted);
                Plan kept = plan(graph, providers, more)) {
            for (int run = 0; run < 2; run++) {
                over.run();
                kept.run();
                for (String name : wanted) {
                    Near.assertSame(kept.output(name), over.output(name), name);
                }
            }
            // neither the gradients of the parts nor both put together; other arrays fill part of the gap
            assertTrue(over.bytes() <= kept.bytes() - 3 * MATRIX / 2, over.bytes() + " and " + kept.bytes());
            assertTrue(over.size() < kept.size());
        }
    }

    /** {@code y = x + rows}, {@code z = y + rows}; {@code x} is read once more in the end. */
    private static SameDiff sums(boolean again) {
        GraphOps.register();
        SameDiff sd = SameDiff.create();
        SDVariable in = sd.var("in", TinyVit.random(F, ROWS, WIDTH));
        SDVariable branch = sd.var("branch", TinyVit.random(F, 3, WIDTH));
        SDVariable index = sd.constant(Nd4j.createFromArray(5, 0, 39));
        SDVariable x = sd.math().tanh(in);
        SDVariable y = x;
        for (int i = 0; i < 2; i++) {
            y = new AddRows(sd, y, branch, index, new long[] {3}, new double[] {2}).outputVariable();
        }
        (again ? y.mul(x) : sd.math().tanh(y)).rename("z");
        return sd;
    }

    @ParameterizedTest
    @EnumSource(Providers.class)
    void whatIsReadLaterStays(Providers providers) {
        SameDiff sd = sums(true);
        INDArray x = Transforms.tanh(sd.getVariable("in").getArr(), true);
        INDArray y = x.dup();
        for (int row : new int[] {5, 0, 39}) {
            int i = row == 5 ? 0 : row == 0 ? 1 : 2;
            y.getRow(row).addi(sd.getVariable("branch").getArr().getRow(i).mul(4));
        }
        try (Plan plan = plan(sd, providers, List.of("z"))) {
            plan.run();
            plan.run();
            Near.assertNear(y.mul(x), plan.output("z"), 1e-6, "z");
        }
        try (Plan once = plan(sums(false), providers, List.of("z"));
                Plan twice = plan(sums(true), providers, List.of("z"))) {
            assertTrue(once.bytes() <= twice.bytes() - MATRIX, once.bytes() + " and " + twice.bytes());
        }
    }

    /** The product's gradient needs no memory where that of the weight norm is written to the caller's array. */
    @ParameterizedTest
    @EnumSource(Providers.class)
    void gradientsAreMadeInTheArrayOfTheCaller(Providers providers) {
        GraphOps.register();
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.var("x", TinyVit.random(F, 4, 64));
        SDVariable g = sd.var("g", TinyVit.random(F, ROWS, 1));
        SDVariable v = sd.var("v", TinyVit.random(F, ROWS, 64));
        SDVariable w = new WeightNorm(sd, g, v).outputVariable();
        SDVariable y = new Linear(sd, x, w, null, false, null, null).outputVariables()[0];
        sd.sum(y.mul(y)).rename("loss");
        sd.setLossVariables("loss");
        SameDiff graph = Gradients.graph(sd, List.of("v"));
        String gradient = Gradients.nameOf(sd, "v");
        INDArray mine = Nd4j.zeros(F, ROWS, 64);
        Bindings bindings = new Bindings(Map.of(), Map.of(gradient, mine));
        try (Plan outside =
                        Plan.compile(graph, List.of(gradient), Map.of(), bindings, providers.list(), Collective.ALONE);
                Plan inside = plan(graph, providers, List.of(gradient))) {
            outside.run();
            inside.run();
            Near.assertSame(inside.output(gradient), mine, "dv");
            // other arrays fill part of the gap
            assertTrue(outside.bytes() <= inside.bytes() - MATRIX / 2, outside.bytes() + " and " + inside.bytes());
        }
    }
}
