package io.dino4j.graph.exec;

import static io.dino4j.graph.exec.Near.assertNear;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.Precision;
import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.op.LayerNorm;
import io.dino4j.graph.op.Linear;
import io.dino4j.graph.vit.Ffn;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** SameDiff's own calls, run by compiled plans, against the interpreter and against arithmetic. */
final class SessionsTest {
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

    @ParameterizedTest
    @EnumSource(Providers.class)
    void backboneAgreesWithTheInterpreter(Providers providers) {
        for (Ffn ffn : Ffn.values()) {
            TinyVit vit = new TinyVit(TinyVit.config(ffn, ffn == Ffn.MLP ? 0 : 3), Precision.F32);
            SameDiff sd = vit.graph();
            List<String> wanted = new ArrayList<>(vit.parameters());
            wanted.remove("mask_token");
            wanted.add(TinyVit.IMAGES);
            Gradients.graph(sd, wanted);
            Map<String, INDArray> in = TinyVit.images(F, 2);
            List<String> outputs = List.of(TinyVit.NORM, TinyVit.LOSS);
            Map<String, INDArray> expected = Interpreter.output(sd, in, outputs);
            Map<String, INDArray> gradients = Interpreter.gradients(sd, in, wanted);

            Sessions.install(providers.list());
            sd.getFunction("grad").getSessions().clear();
            assertNear(expected, sd.output(in, outputs), Near.FLOAT);
            assertNear(expected.get(TinyVit.LOSS), sd.outputSingle(in, TinyVit.LOSS), Near.FLOAT, "loss");
            assertNear(gradients, sd.calculateGradients(in, wanted), 10 * Near.FLOAT);
            var both = sd.calculateGradientsAndOutputs(in, outputs, wanted);
            assertNear(expected, both.getOutputs(), Near.FLOAT);
            assertNear(gradients, both.getGradients(), 10 * Near.FLOAT);
        }
    }

    /** Ours among ND4J's: legacy and custom ops, reductions with axes as attributes and as constants, views, scalars, other types. */
    private static List<String> mixed(SameDiff sd, SDVariable x) {
        SDVariable w = sd.var("w", TinyVit.random(F, 6, 4));
        SDVariable b = sd.var("b", TinyVit.random(F, 6));
        SDVariable one = sd.constant("one", Nd4j.ones(F, 6));
        SDVariable linear = new Linear(sd, x.add(1).mul(0.5), w, b, true, null, null).outputVariables()[0];
        SDVariable n = new LayerNorm(sd, linear, one, b, 1e-6, true).outputVariables()[0];
        SDVariable soft = sd.nn().softmax("soft", n, 1);
        SDVariable joined = sd.concat("joined", 1, soft, linear, n.sub(linear));
        SDVariable product = sd.mmul("product", joined, joined, false, true, false);
        SDVariable square = sd.reshape("square", product, -1);
        SDVariable index = sd.constant("index", Nd4j.createFromArray(2, 0, 2));
        sd.gather("gathered", joined, index, 1);
        joined.mean("means", true, 1);
        SDVariable cast = joined.castTo("cast", DataType.DOUBLE);
        cast.mul("twice", cast);
        joined.std("deviation", false, 0);
        sd.math().square(sd.permute("turned", joined, 1, 0)).rename("squares");
        joined.argmax("largest", 1);
        joined.gt("positive", 0);
        sd.squeeze("squeezed", sd.expandDims("expanded", linear, 0), 0);
        sd.sum("total", square.add(product.mean().mul(2)));
        return List.of(
                "soft",
                "joined",
                "product",
                "square",
                "gathered",
                "means",
                "cast",
                "twice",
                "deviation",
                "turned",
                "squares",
                "largest",
                "positive",
                "expanded",
                "squeezed",
                "total");
    }

    @ParameterizedTest
    @EnumSource(Providers.class)
    void stockOpsAroundOurs(Providers providers) {
        SameDiff sd = SameDiff.create();
        List<String> outputs = mixed(sd, sd.placeHolder("x", F, -1, 4));
        sd.setLossVariables("total");
        List<String> wanted = List.of("x", "w", "b");
        Gradients.graph(sd, wanted);
        for (int rows : new int[] {5, 2, 5}) {
            Map<String, INDArray> in = Map.of("x", TinyVit.random(F, rows, 4));
            Map<String, INDArray> expected = new LinkedHashMap<>();
            outputs.forEach(o -> expected.putAll(Interpreter.output(sd, in, List.of(o))));
            Map<String, INDArray> gradients = Interpreter.gradients(sd, in, wanted);
            Sessions.install(providers.list());
            sd.getSessions().clear();
            sd.getFunction("grad").getSessions().clear();
            Plan.compile(sd, outputs, in, Bindings.NONE, providers.list(), Collective.ALONE)
                    .close(); // not by falling back
            assertNear(expected, sd.output(in, outputs), Near.FLOAT);
            outputs.forEach(o -> {
                INDArray single = sd.outputSingle(in, o);
                assertEquals(expected.get(o).dataType(), single.dataType(), o);
                assertNear(expected.get(o), single, Near.FLOAT, o);
            });
            assertNear(gradients, sd.calculateGradients(in, wanted), 20 * Near.FLOAT);
        }
    }

    /** {@code y = x W^T} of ours, then doubled by ND4J. */
    private static SameDiff doubled(INDArray weight) {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", F, -1, 4);
        SDVariable w = sd.var("w", F, weight.shape());
        w.setArray(weight);
        new Linear(sd, x, w, null, false, null, null).outputVariables()[0].rename("y");
        sd.getVariable("y").mul("z", 2);
        return sd;
    }

    private static void assertDoubled(INDArray x, INDArray weight, INDArray z) {
        assertNear(x.mmul(weight.transpose()).mul(2), z, Near.FLOAT, "z");
    }

    @Test
    void eachShapeIsCompiledOnce() {
        INDArray w = TinyVit.random(F, 3, 4);
        SameDiff sd = doubled(w);
        for (int round = 0; round < 5; round++) {
            for (int rows : new int[] {2, 7, 1}) {
                INDArray x = TinyVit.random(F, rows, 4).addi(round);
                assertDoubled(x, w, sd.outputSingle(Map.of("x", x), "z"));
            }
        }
        assertEquals(3, counting.made());
    }

    @Test
    void whereAnInputLiesDoesNotMatter() {
        INDArray w = TinyVit.random(F, 3, 4);
        SameDiff sd = doubled(w);
        INDArray all = TinyVit.random(F, 8, 4);
        for (int i = 0; i < 8; i += 2) {
            INDArray view = all.get(NDArrayIndex.interval(i, i + 2), NDArrayIndex.all());
            assertDoubled(view, w, sd.outputSingle(Map.of("x", view), "z"));
        }
        INDArray fortran =
                all.get(NDArrayIndex.interval(0, 2), NDArrayIndex.all()).dup('f');
        assertDoubled(fortran, w, sd.outputSingle(Map.of("x", fortran), "z"));
        INDArray doubles = fortran.castTo(DataType.DOUBLE);
        assertDoubled(fortran, w, sd.outputSingle(Map.of("x", doubles), "z"));
        assertEquals(2, counting.made(), "one for the view, one for the doubles");
    }

    @Test
    void plansThatWereDroppedAreClosed() {
        INDArray w = TinyVit.random(F, 3, 4);
        SameDiff sd = doubled(w);
        List<INDArray> kept = new ArrayList<>();
        List<INDArray> given = new ArrayList<>();
        for (int round = 0; round < 2; round++) {
            for (int rows = 1; rows < 10; rows++) {
                INDArray x = TinyVit.random(F, rows, 4).addi(round);
                given.add(x);
                kept.add(sd.outputSingle(Map.of("x", x), "z"));
            }
        }
        for (int i = 0; i < kept.size(); i++) {
            assertDoubled(given.get(i), w, kept.get(i));
        }
        assertEquals(18, counting.made());
        assertEquals(14, counting.closed(), "all but four");
    }

    @Test
    void changedVariablesAreSeen() {
        SameDiff sd = doubled(TinyVit.random(F, 3, 4));
        INDArray x = TinyVit.random(F, 2, 4);
        Function<INDArray, INDArray> z = in -> sd.outputSingle(Map.of("x", in), "z");
        z.apply(x);
        sd.getVariable("w").getArr().muli(3);
        assertDoubled(x, TinyVit.random(F, 3, 4).mul(3), z.apply(x));
        assertEquals(1, counting.made(), "in place: the same plan");

        INDArray other = TinyVit.random(F, 3, 4).addi(1);
        sd.associateArrayWithVariable(other, "w");
        assertDoubled(x, other, z.apply(x));

        INDArray fortran = TinyVit.random(F, 3, 4).dup('f');
        sd.associateArrayWithVariable(fortran, "w");
        assertDoubled(x, fortran, z.apply(x));
        sd.getVariable("w").getArr().assign(other);
        assertDoubled(x, other, z.apply(x));

        INDArray view = TinyVit.random(F, 5, 9).get(NDArrayIndex.interval(1, 4), NDArrayIndex.interval(2, 6));
        sd.associateArrayWithVariable(view, "w");
        assertDoubled(x, view, z.apply(x));
        sd.getVariable("w").getArr().addi(1);
        assertDoubled(x, sd.getVariable("w").getArr().dup('c'), z.apply(x));
    }

    @Test
    void replacedConstantsAreSeen() {
        SameDiff sd = SameDiff.create();
        SDVariable c = sd.constant("c", Nd4j.createFromArray(1f, 2f));
        sd.placeHolder("x", F, 2).mul("y", c);
        Map<String, INDArray> in = Map.of("x", Nd4j.createFromArray(3f, 4f));
        assertNear(Nd4j.createFromArray(3f, 8f), sd.outputSingle(in, "y"), 0, "y");
        sd.associateArrayWithVariable(Nd4j.createFromArray(5f, 6f), c);
        assertNear(Nd4j.createFromArray(15f, 24f), sd.outputSingle(in, "y"), 0, "y");
    }

    @Test
    void resultsBelongToTheCaller() {
        INDArray w = TinyVit.random(F, 3, 4);
        SameDiff sd = doubled(w);
        INDArray x = TinyVit.random(F, 2, 4);
        List<String> names = List.of("z", "y", "x", "w");
        Map<String, INDArray> first = sd.output(Map.of("x", x), names);
        sd.output(Map.of("x", x.add(5)), names);
        assertDoubled(x, w, first.get("z"));
        assertNear(x, first.get("x"), 0, "x");
        first.get("w").assign(0);
        first.get("y").assign(0);
        first.get("x").assign(0);
        assertDoubled(x, w, sd.outputSingle(Map.of("x", x), "z"));
        assertTrue(x.amaxNumber().doubleValue() > 0);
    }

    @Test
    void theSameOutputMayBeAskedForTwice() {
        INDArray w = TinyVit.random(F, 3, 4);
        SameDiff sd = doubled(w);
        INDArray x = TinyVit.random(F, 2, 4);
        assertDoubled(x, w, sd.output(Map.of("x", x), "z", "z").get("z"));
    }

    @Test
    void resultsOutliveTheWorkspaceOfTheCaller() {
        INDArray w = TinyVit.random(F, 3, 4);
        SameDiff sd = doubled(w);
        INDArray x = TinyVit.random(F, 2, 4);
        INDArray z;
        try (MemoryWorkspace ws = Nd4j.getWorkspaceManager().getAndActivateWorkspace("sessions")) {
            z = sd.outputSingle(Map.of("x", x), "z");
            assertTrue(ws.isScopeActive() && !z.isAttached());
        }
        for (int i = 0; i < 3; i++) {
            try (MemoryWorkspace ws = Nd4j.getWorkspaceManager().getAndActivateWorkspace("sessions")) {
                Nd4j.create(F, 64, 64).assign(Double.NaN);
                assertTrue(ws.isScopeActive());
            }
        }
        assertDoubled(x, w, z);
        assertDoubled(x, w, sd.outputSingle(Map.of("x", x), "z"));
        assertEquals(1, counting.made());
    }

    @Test
    void unknownOutputsAreNamed() {
        SameDiff sd = doubled(TinyVit.random(F, 3, 4));
        Map<String, INDArray> in = Map.of("x", TinyVit.random(F, 2, 4));
        var e = assertThrows(IllegalArgumentException.class, () -> sd.output(in, "z", "nonsense", "more"));
        assertEquals("the graph has no variables [nonsense, more]", e.getMessage());
    }

    @Test
    void missingPlaceholdersAreNamedAtOnce() {
        SameDiff sd = SameDiff.create();
        SDVariable open = sd.placeHolder("open", F, -1, 4);
        SDVariable fixed = sd.placeHolder("fixed", F, 1, 4);
        SDVariable given = sd.placeHolder("given", F, 1, 4);
        sd.placeHolder("unused", F, 1, 4);
        open.add(fixed).add("y", given);
        Map<String, INDArray> in = Map.of("given", Nd4j.ones(F, 1, 4));
        var e = assertThrows(IllegalArgumentException.class, () -> sd.output(in, "y"));
        assertEquals("no arrays are given for the placeholders [fixed, open]", e.getMessage());
        var all = assertThrows(IllegalArgumentException.class, () -> sd.output((Map<String, INDArray>) null, "y"));
        assertEquals("no arrays are given for the placeholders [fixed, given, open]", all.getMessage());
        List<KernelProvider> none = List.of();
        var plan = assertThrows(
                IllegalArgumentException.class,
                () -> Plan.compile(sd, List.of("y"), Map.of(), Bindings.NONE, none, Collective.ALONE));
        assertEquals("no arrays are given for the placeholders [open]", plan.getMessage());
    }

    @Test
    void shapesThatDoNotFitDoNotStick() {
        INDArray w = TinyVit.random(F, 3, 4);
        SameDiff sd = doubled(w);
        INDArray wrong = TinyVit.random(F, 2, 5);
        var e = assertThrows(IllegalArgumentException.class, () -> sd.outputSingle(Map.of("x", wrong), "z"));
        assertEquals("op dino_linear: x [T, I] and a weight [O, I], got [[2, 5], [3, 4]]", e.getMessage());
        INDArray x = TinyVit.random(F, 2, 4);
        assertDoubled(x, w, sd.outputSingle(Map.of("x", x), "z"));
        assertDoubled(x, w, sd.outputSingle(Map.of("x", x), "z"));
        assertEquals(1, counting.made());
    }

    @Test
    void shapesThatDependOnValuesAreInterpreted() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", F, -1, 6);
        SDVariable shape = sd.placeHolder("shape", DataType.INT32, 2);
        SDVariable turned = sd.reshape("turned", x, shape);
        sd.reshape("computed", x.mul(2), sd.shape(turned));
        sd.mean("by_array", x, sd.constant("axis", Nd4j.createFromArray(1)), false);
        INDArray a = TinyVit.random(F, 4, 6);
        assertNear(a.mean(1), sd.outputSingle(Map.of("x", a), "by_array"), Near.FLOAT, "by_array");
        for (int[] s : new int[][] {{8, 3}, {2, 12}, {8, 3}}) {
            Map<String, INDArray> in = Map.of("x", a, "shape", Nd4j.createFromArray(s));
            assertNear(a.dup('c').reshape(s[0], s[1]), sd.outputSingle(in, "turned"), 0, "turned");
            assertNear(a.mul(2).dup('c').reshape(s[0], s[1]), sd.outputSingle(in, "computed"), 0, "computed");
        }
    }

    @Test
    void threadsDoNotDisturbEachOther() throws Exception {
        TinyVit vit = new TinyVit(TinyVit.config(Ffn.MLP, 1), Precision.F32);
        SameDiff sd = vit.graph();
        Sessions.install(Providers.ONEDNN.list());
        List<Map<String, INDArray>> in = new ArrayList<>();
        List<INDArray> expected = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            INDArray x = TinyVit.images(F, 2).get(TinyVit.IMAGES).add(i);
            in.add(Map.of(TinyVit.IMAGES, x));
            expected.add(sd.outputSingle(in.get(i), TinyVit.NORM));
        }
        ExecutorService pool = Executors.newFixedThreadPool(3);
        try {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                int n = i;
                Callable<Void> task = () -> {
                    for (int k = 0; k < 20; k++) {
                        assertNear(expected.get(n), sd.outputSingle(in.get(n), TinyVit.NORM), Near.FLOAT, "norm");
                    }
                    return null;
                };
                all.add(pool.submit(task));
            }
            for (Future<?> f : all) {
                f.get();
            }
        } finally {
            pool.shutdown();
        }
    }
}
