package io.dino4j.graph.vit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.Precision;
import io.dino4j.graph.exec.Bindings;
import io.dino4j.graph.exec.Gradients;
import io.dino4j.graph.exec.Plan;
import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.exec.TinyVit;
import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.op.Cost;
import io.dino4j.graph.op.GatherRows;
import io.dino4j.graph.op.GraphOps;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A pass that knows which of its tokens are read gives what they would be without. */
final class PickedTokensTest {
    private static final DataType TYPE = DataType.DOUBLE;
    private static final int LARGE = 4;
    private static final int SMALL = 6;

    /** Two cls tokens of small crops, one of a large one, patches of three, and twice the first row. */
    private static final int[] ROWS = {4 * 11 + 2 * 6, 4 * 11 + 5 * 6, 11, 5, 11 + 7, 2 * 11 + 3, 0, 0};

    /** What a pass gave. */
    private record Result(Map<String, INDArray> values, Cost cost) {}

    private static Result run(Ffn ffn, double dropRate, int[] rows, boolean told) {
        GraphOps.register();
        VitConfig c = TinyVit.config(ffn, 1);
        SameDiff sd = SameDiff.create();
        SDVariable index = sd.constant("rows", Nd4j.createFromArray(rows));
        Map<String, INDArray> in = new LinkedHashMap<>();
        in.put("large", TinyVit.random(TYPE, LARGE, 3, 12, 12));
        in.put("small", TinyVit.random(TYPE, SMALL, 3, 8, 8));
        List<Crops> crops = List.of(
                new Crops(sd.placeHolder("large", TYPE, LARGE, 3, 12, 12), LARGE, 12, 12),
                new Crops(sd.placeHolder("small", TYPE, SMALL, 3, 8, 8), SMALL, 8, 8));
        Vit vit = new Vit(sd, c, "", Precision.of(TYPE));
        Tokens tokens = told ? vit.forward(crops, dropRate, true, index) : vit.forward(crops, dropRate, true);
        SDVariable picked =
                told ? tokens.prenorm() : new GatherRows(sd, tokens.prenorm(), index, false).outputVariables()[0];
        SDVariable weights = sd.constant(TinyVit.random(TYPE, rows.length, c.embedDim()));
        SDVariable norm = vit.norm(picked).rename("norm");
        sd.sum("loss", sd.math().tanh(norm.mul(weights)));
        sd.setLossVariables("loss");
        TinyVit.randomize(sd);
        for (DropPath.Branch b : tokens.dropPath().branches()) {
            // each branch keeps other images
            int first = 2 * b.block() + (b.attention() ? 3 : 4);
            in.put(
                    b.placeholder(),
                    Nd4j.createFromArray(b.rows(List.of(
                            IntStream.range(0, b.kept()[0])
                                    .map(i -> (first + i) % LARGE)
                                    .toArray(),
                            IntStream.range(0, b.kept()[1])
                                    .map(i -> (first + i) % SMALL)
                                    .toArray()))));
        }
        List<String> parameters = sd.variables().stream()
                .filter(v -> v.getVariableType() == VariableType.VARIABLE)
                .map(SDVariable::name)
                .filter(n -> !n.equals("mask_token"))
                .toList();
        SameDiff graph = Gradients.graph(sd, parameters);
        Map<String, String> outputs = new LinkedHashMap<>(Map.of("loss", "loss", "norm", "norm"));
        parameters.forEach(n -> outputs.put(n, Gradients.nameOf(sd, n)));
        try (Plan plan = Plan.compile(
                graph,
                new ArrayList<>(outputs.values()),
                Map.of(),
                Bindings.NONE,
                Providers.PORTABLE.list(),
                Collective.ALONE)) {
            in.forEach((n, a) -> plan.input(n).assign(a));
            plan.run();
            Map<String, INDArray> values = new LinkedHashMap<>();
            outputs.forEach((n, o) -> values.put(n, plan.output(o).dup('c')));
            return new Result(values, plan.cost());
        }
    }

    @ParameterizedTest
    @CsvSource({"MLP, 0", "MLP, 0.4", "SWIGLU, 0", "SWIGLU, 0.5"})
    void areTheSameWithLessWork(Ffn ffn, double dropRate) {
        Result wanted = run(ffn, dropRate, ROWS, false);
        Result got = run(ffn, dropRate, ROWS, true);
        assertTrue(got.cost().flops() < 0.9 * wanted.cost().flops(), () -> "%.0f of %.0f FLOPs"
                .formatted(got.cost().flops(), wanted.cost().flops()));
        assertSame(wanted, got);
    }

    /** There is nothing to be left out. */
    @Test
    void allOfThemAreOnlyPicked() {
        int[] all = IntStream.range(0, LARGE * 11 + SMALL * 6).map(i -> i ^ 1).toArray();
        Result wanted = run(Ffn.MLP, 0, all, false);
        Result got = run(Ffn.MLP, 0, all, true);
        assertEquals(wanted.cost(), got.cost());
        assertSame(wanted, got);
    }

    private static void assertSame(Result wanted, Result got) {
        assertTrue(wanted.values().size() > 20);
        wanted.values().forEach((name, w) -> {
            double difference = w.sub(got.values().get(name)).amaxNumber().doubleValue();
            double largest = w.amaxNumber().doubleValue();
            assertTrue(largest > 1e-6 && difference <= 1e-12 * Math.max(1, largest), () -> "%s differs by %.3g of %.3g"
                    .formatted(name, difference, largest));
        });
    }
}
