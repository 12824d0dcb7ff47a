package io.dino4j.graph.exec;

import static io.dino4j.graph.exec.Near.assertNear;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.op.LayerNorm;
import io.dino4j.graph.op.Linear;
import io.dino4j.graph.op.SplitRows;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Graphs with branches and loops run in the stock interpreter, ours among its ops. */
final class ControlFlowTest {
    private static final DataType F = DataType.FLOAT;

    private final CountingProvider counting = new CountingProvider();

    @BeforeEach
    void install() {
        Sessions.install(List.of(counting));
    }

    @AfterEach
    void restore() {
        SameDiff.bindInferenceFactory(new SameDiff.DefaultInferenceFactory());
    }

    /** Where our ops stand. */
    enum Ours {
        BEFORE,
        INSIDE,
        AFTER
    }

    private static SDVariable ours(SameDiff sd, SDVariable x) {
        SDVariable w = sd.constant(TinyVit.random(F, 4, 4));
        SDVariable one = sd.constant(Nd4j.ones(F, 4));
        SDVariable[] n = new LayerNorm(sd, x, one, one, 1e-6, true).outputVariables();
        SDVariable y = new Linear(sd, n[0], w, null, true, null, n[3]).outputVariables()[0];
        SDVariable[] s = new SplitRows(sd, y, 1, 2).outputVariables();
        return sd.concat(0, s[1], s[0]);
    }

    private static INDArray expected(INDArray x) {
        SameDiff sd = SameDiff.create();
        ours(sd, sd.placeHolder("x", F, 3, 4)).rename("y");
        try (Plan plan =
                Plan.compile(sd, List.of("y"), Map.of(), Bindings.NONE, Providers.PORTABLE.list(), Collective.ALONE)) {
            plan.input("x").assign(x);
            plan.run();
            return plan.output("y").dup('c');
        }
    }

    @ParameterizedTest
    @EnumSource(Ours.class)
    void branches(Ours where) {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", F, 3, 4);
        SDVariable before = where == Ours.BEFORE ? ours(sd, x) : x.mul("same", 1);
        SDVariable branch = sd.ifCond(
                "branch",
                null,
                s -> before.sum().gt(0),
                s -> where == Ours.INSIDE ? ours(s, before) : before.mul(2),
                s -> before.mul(-3));
        (where == Ours.AFTER ? ours(sd, branch) : branch.mul(1)).rename("y");
        for (int sign : new int[] {1, -1, 1}) {
            INDArray in =
                    Nd4j.ones(F, 3, 4).addi(TinyVit.random(F, 3, 4).muli(0.1)).muli(sign);
            INDArray b = where == Ours.BEFORE ? expected(in) : in;
            INDArray chosen =
                    b.sumNumber().doubleValue() > 0 ? where == Ours.INSIDE ? expected(b) : b.mul(2) : b.mul(-3);
            INDArray y = where == Ours.AFTER ? expected(chosen) : chosen;
            assertNear(y, sd.outputSingle(Map.of("x", in), "y"), Near.FLOAT, where + " " + sign);
        }
        // what does not depend on the branch is compiled as before
        sd.math().exp("static", x);
        INDArray in = TinyVit.random(F, 3, 4);
        assertNear(Transforms.exp(in), sd.outputSingle(Map.of("x", in), "static"), Near.FLOAT, "static");
    }

    @ParameterizedTest
    @EnumSource(
            value = Ours.class,
            names = {"BEFORE", "AFTER"})
    void loops(Ours where) {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", F, 3, 4);
        SDVariable start = where == Ours.BEFORE ? ours(sd, x) : x.mul("same", 1);
        SDVariable[] loop =
                sd.whileLoop(new SDVariable[] {sd.constant(Nd4j.scalar(0f)), start}, (s, v) -> v[0].lt(3), (s, v) ->
                        new SDVariable[] {v[0].add(1), v[1].mul(2)});
        (where == Ours.AFTER ? ours(sd, loop[1]) : loop[1].mul(1)).rename("y");
        for (int i = 0; i < 2; i++) {
            INDArray in = TinyVit.random(F, 3, 4).addi(i);
            INDArray y =
                    where == Ours.AFTER ? expected(in.mul(8)) : expected(in).mul(8);
            assertNear(y, sd.outputSingle(Map.of("x", in), "y"), Near.FLOAT, where + " " + i);
        }
        assertThrows(
                UnsupportedGraphException.class,
                () -> Plan.compile(sd, List.of("y"), Map.of(), Bindings.NONE, List.of(counting), Collective.ALONE));
    }

    @ParameterizedTest
    @EnumSource(Providers.class)
    void aStaticGraphIsStillCompiledAfterwards(Providers providers) {
        branches(Ours.BEFORE);
        SameDiff sd = SameDiff.create();
        ours(sd, sd.placeHolder("x", F, 3, 4)).rename("y");
        int before = counting.made();
        for (int i = 0; i < 3; i++) {
            INDArray in = TinyVit.random(F, 3, 4).addi(i);
            assertNear(expected(in), sd.outputSingle(Map.of("x", in), "y"), Near.FLOAT, "y");
        }
        assertEquals(2, counting.made() - before, "two ops (and views), once");
        Sessions.install(providers.list());
        sd.getSessions().clear();
        INDArray in = TinyVit.random(F, 3, 4);
        assertNear(expected(in), sd.outputSingle(Map.of("x", in), "y"), Near.FLOAT, providers.name());
    }
}
