package io.dino4j.graph.exec;

import static io.dino4j.graph.exec.Near.assertNear;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.Precision;
import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.op.Cost;
import io.dino4j.graph.op.GatherRows;
import io.dino4j.graph.op.Linear;
import io.dino4j.graph.op.SplitRows;
import io.dino4j.graph.vit.Ffn;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Memory of a plan: who shares it with whom, and what is bound to it from outside. */
final class PlanTest {
    private static final DataType F = DataType.FLOAT;
    private static final List<KernelProvider> PORTABLE = Providers.PORTABLE.list();

    private final Map<String, INDArray> variables = new HashMap<>();
    private final Map<String, INDArray> targets = new HashMap<>();

    @AfterEach
    void restore() {
        SameDiff.bindInferenceFactory(new SameDiff.DefaultInferenceFactory());
    }

    private Plan compile(SameDiff sd, List<KernelProvider> providers, List<String> outputs) {
        return Plan.compile(sd, outputs, Map.of(), new Bindings(variables, targets), providers, Collective.ALONE);
    }

    private Plan compile(SameDiff sd, String... outputs) {
        return compile(sd, PORTABLE, List.of(outputs));
    }

    /** A run in two halves is a whole run: its forward pass does not wait for the gradient that comes from above. */
    @ParameterizedTest
    @EnumSource(Providers.class)
    void aRunWaitsForAPlaceholder(Providers providers) {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.var("x", TinyVit.random(F, 3, 4));
        SDVariable w = sd.var("w", TinyVit.random(F, 5, 4).muli(0.5));
        SDVariable y = new Linear(sd, x, w, null, true, null, null).outputVariables()[0].rename("y");
        SDVariable up = sd.placeHolder("up", F, 3, 5);
        sd.sum("loss", y.mul(up));
        sd.setLossVariables("loss");
        SameDiff gradients = Gradients.graph(sd, List.of("x", "w"));
        List<String> outputs = List.of("y", Gradients.nameOf(sd, "x"), Gradients.nameOf(sd, "w"));
        try (Plan whole = compile(gradients, providers.list(), outputs);
                Plan halves = compile(gradients, providers.list(), outputs)) {
            INDArray upstream = TinyVit.random(F, 3, 5).muli(7);
            whole.input("up").assign(upstream);
            whole.run();
            for (int again = 0; again < 2; again++) {
                halves.input("up").assign(Float.NaN);
                halves.runUntil("up");
                assertEquals(whole.output("y"), halves.output("y"));
                halves.input("up").assign(upstream);
                halves.runFrom("up");
                outputs.forEach(o -> assertEquals(whole.output(o), halves.output(o), o));
            }
            assertThrows(IllegalArgumentException.class, () -> halves.runUntil("down"));
        }
    }

    /** Plans that take turns in one memory work out what they do in their own, and outputs outlast the others' runs. */
    @ParameterizedTest
    @EnumSource(Providers.class)
    void plansTakeTurnsInOneMemory(Providers providers) {
        PlanOptions own = new PlanOptions(providers.list(), Collective.ALONE);
        WorkingMemory memory = new WorkingMemory();
        List<INDArray> expected = new ArrayList<>();
        List<Plan> plans = new ArrayList<>();
        List<Long> taken = new ArrayList<>();
        for (int images = 3; images > 0; images--) {
            TinyVit vit = new TinyVit(TinyVit.config(Ffn.MLP, 1), Precision.F32);
            Map<String, INDArray> in = TinyVit.images(F, images);
            long ownBytes;
            try (Plan alone = Plan.compile(vit.graph(), List.of(TinyVit.NORM), in, Bindings.NONE, own)) {
                alone.input(TinyVit.IMAGES).assign(in.get(TinyVit.IMAGES));
                alone.run();
                expected.add(alone.output(TinyVit.NORM));
                ownBytes = alone.bytes();
            }
            Plan plan = Plan.compile(vit.graph(), List.of(TinyVit.NORM), in, Bindings.NONE, own.workingIn(memory));
            plan.input(TinyVit.IMAGES).assign(in.get(TinyVit.IMAGES));
            plans.add(plan);
            taken.add(memory.bytes());
            assertTrue(plan.bytes() < ownBytes / 2, plan.bytes() + " of " + ownBytes);
        }
        assertTrue(taken.get(0) > 0);
        assertEquals(taken.get(0), taken.get(2), "the smaller plans take nothing");
        for (int run = 0; run < 2; run++) {
            plans.forEach(Plan::run);
            for (int i = 0; i < plans.size(); i++) {
                assertEquals(expected.get(i), plans.get(i).output(TinyVit.NORM));
            }
        }
        plans.forEach(Plan::close);
    }

    @ParameterizedTest
    @EnumSource(Providers.class)
    void sharedMemoryChangesNothing(Providers providers) {
        for (int seed = 0; seed < 25; seed++) {
            RandomGraph random = new RandomGraph(seed, 5 + seed);
            SameDiff sd = random.graph();
            SameDiff gradient = Gradients.graph(sd, List.of("x", "v", "square", "wide", "row"));
            List<String> outputs = new ArrayList<>(random.someOutputs());
            for (String n : List.of("x", "v", "square", "wide", "row")) {
                SDVariable g = sd.getVariable(n).getGradient();
                if (g != null) {
                    outputs.add(g.name());
                }
            }
            Map<String, INDArray> in = Map.of("x", TinyVit.random(F, RandomGraph.ROWS, RandomGraph.COLUMNS));
            Map<String, INDArray> expected = Interpreter.output(gradient, in, outputs);
            try (Plan plan = compile(gradient, providers.list(), outputs)) {
                for (int run = 0; run < 2; run++) {
                    if (plan.reads("x")) {
                        plan.input("x").assign(in.get("x"));
                    }
                    plan.run();
                    Map<String, INDArray> actual = new LinkedHashMap<>();
                    outputs.forEach(o -> actual.put(o, plan.output(o)));
                    assertEquals(expected.keySet(), actual.keySet());
                    int s = seed;
                    expected.forEach((n, e) -> assertNear(e, actual.get(n), 100 * Near.FLOAT, "seed " + s + ": " + n));
                }
            }
        }
    }

    private static SameDiff chain(int length) {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", F, 40, 50);
        for (int i = 0; i < length; i++) {
            x = sd.math().tanh(x).add(1);
        }
        x.rename("y");
        return sd;
    }

    @Test
    void aChainTakesTheMemoryOfItsWidestPlace() {
        long matrix = 40 * 50 * 4;
        try (Plan deep = compile(chain(30), "y");
                Plan shallow = compile(chain(2), "y")) {
            assertEquals(60, deep.size());
            assertEquals(shallow.bytes(), deep.bytes());
            assertTrue(deep.bytes() < 4 * matrix, deep.bytes() + " bytes");
        }
    }

    @Test
    void everyArrayStartsAtACacheLine() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", F, 3, 5);
        List<String> names = new ArrayList<>(List.of("x"));
        for (int i = 0; i < 5; i++) {
            sd.math().tanh("y" + i, sd.concat("c" + i, 0, x, sd.constant(Nd4j.ones(F, i + 1, 5))));
            x.castTo("d" + i, DataType.DOUBLE).add("e" + i, i);
            names.addAll(List.of("y" + i, "c" + i, "d" + i, "e" + i));
        }
        try (Plan plan = compile(sd, PORTABLE, names)) {
            for (String n : names) {
                assertEquals(0, plan.output(n).data().addressPointer().address() % 64, n);
            }
        }
    }

    private static SameDiff linear() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", F, 2, 4);
        SDVariable w = sd.var("w", F, 3, 4);
        new Linear(sd, x, w, null, false, null, null).outputVariables()[0].rename("y");
        return sd;
    }

    @ParameterizedTest
    @EnumSource(Providers.class)
    void boundVariablesAreReadLive(Providers providers) {
        INDArray vector = Nd4j.zeros(F, 5 + 12 + 3);
        variables.put("w", Nd4j.create(vector.data(), new long[] {3, 4}, new long[] {4, 1}, 5, 'c'));
        INDArray x = TinyVit.random(F, 2, 4);
        try (Plan plan = compile(linear(), providers.list(), List.of("y"))) {
            for (int i = 0; i < 3; i++) {
                vector.assign(TinyVit.random(F, 20).addi(i));
                plan.input("x").assign(x);
                plan.run();
                assertNear(x.mmul(variables.get("w").dup('c').transpose()), plan.output("y"), Near.FLOAT, "run " + i);
            }
        }
    }

    @Test
    void boundArraysWithGapsAreReadLiveToo() {
        INDArray w = TinyVit.random(F, 4, 3).transpose();
        INDArray x = TinyVit.random(F, 4, 2).transpose();
        variables.put("w", w);
        variables.put("x", x);
        try (Plan plan = compile(linear(), "y")) {
            for (int i = 0; i < 2; i++) {
                w.addi(1);
                x.addi(1);
                plan.run();
                assertNear(x.dup('c').mmul(w.dup('c').transpose()), plan.output("y"), Near.FLOAT, "y");
            }
        }
    }

    @Test
    void oneArrayWithGapsMayBeTwoVariables() {
        SameDiff sd = SameDiff.create();
        sd.var("a", F, 2, 3).mul("y", sd.var("b", F, 2, 3));
        INDArray both = TinyVit.random(F, 3, 2).transpose();
        variables.put("a", both);
        variables.put("b", both);
        try (Plan plan = compile(sd, "y")) {
            both.addi(1);
            plan.run();
            assertNear(both.mul(both).dup('c'), plan.output("y"), Near.FLOAT, "y");
        }
    }

    @ParameterizedTest
    @EnumSource(Providers.class)
    void outputsAreWrittenWhereTheyAreBound(Providers providers) {
        INDArray vector = Nd4j.zeros(F, 3 + 6 + 4).assign(7);
        INDArray target = Nd4j.create(vector.data(), new long[] {2, 3}, new long[] {3, 1}, 3, 'c');
        targets.put("y", target);
        INDArray w = TinyVit.random(F, 3, 4);
        variables.put("w", w);
        SameDiff sd = linear();
        sd.getVariable("y").mul("z", 2);
        INDArray x = TinyVit.random(F, 2, 4);
        try (Plan plan = compile(sd, providers.list(), List.of("z", "y"))) {
            plan.input("x").assign(x);
            plan.run();
            INDArray y = x.mmul(w.transpose());
            assertNear(y, target, Near.FLOAT, "y");
            assertNear(y.mul(2), plan.output("z"), Near.FLOAT, "z");
            assertEquals(2, plan.size(), "no copies");
            assertEquals(target, plan.output("y"));
            assertEquals(7 * 7, vector.sumNumber().doubleValue() - y.sumNumber().doubleValue(), 1e-4, "the rest");
        }
    }

    /** Every kind of output that is somebody else's memory, several of the same, all bound. */
    @Test
    void aliasesAreCopiedToEachTarget() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", F, 4, 2);
        SDVariable v = sd.var("v", TinyVit.random(F, 4, 2));
        SDVariable c = sd.constant("c", TinyVit.random(F, 4, 2).addi(2));
        SDVariable y = x.add("y", v);
        sd.identity("y1", y);
        sd.identity("y2", y);
        sd.identity("x1", x);
        sd.identity("v1", v);
        sd.identity("v2", sd.getVariable("v1"));
        sd.identity("c1", c);
        SDVariable[] s = new SplitRows(sd, y, 1, 3).outputVariables();
        s[0].rename("top");
        s[1].rename("bottom");
        SDVariable[] g = new GatherRows(sd, s[1], sd.constant(Nd4j.createFromArray(1)), true).outputVariables();
        g[1].rename("skip");
        sd.math().tanh("later", sd.getVariable("y1")); // nothing may take the memory of y
        sd.math().exp("last", sd.getVariable("later"));
        List<String> names = List.of(
                "x", "v", "c", "y", "y1", "y2", "x1", "v1", "v2", "c1", "top", "bottom", "skip", "last", "y", "x");
        INDArray input = TinyVit.random(F, 4, 2).muli(3);
        Map<String, INDArray> expected = Interpreter.output(sd, Map.of("x", input), names.subList(0, 14));

        for (boolean bound : new boolean[] {false, true}) {
            if (bound) {
                expected.forEach((n, e) -> targets.put(n, Nd4j.create(F, e.shape())));
            }
            try (Plan plan = compile(sd, PORTABLE, names)) {
                for (int run = 0; run < 2; run++) {
                    plan.input("x").assign(input);
                    plan.run();
                    expected.forEach((n, e) -> assertNear(e, plan.output(n), Near.FLOAT, n));
                    targets.forEach((n, t) -> assertNear(expected.get(n), t, Near.FLOAT, "target of " + n));
                }
            }
        }
        assertNear(TinyVit.random(F, 4, 2), v.getArr(), 0, "v");
    }

    /** {@code d loss / d a} and {@code d loss / d b} of a sum are one array under two names. */
    @Test
    void gradientsThatAreEachOtherReachBothTargets() {
        SameDiff sd = SameDiff.create();
        SDVariable a = sd.var("a", F, 2, 3);
        SDVariable b = sd.var("b", F, 2, 3);
        SDVariable w = sd.var("w", F, 3, 3);
        SDVariable y = new Linear(sd, a, w, null, false, null, b).outputVariables()[0];
        SDVariable z = new Linear(sd, a, w, null, false, null, y).outputVariables()[0];
        sd.sum("loss", sd.math().tanh(z));
        sd.setLossVariables("loss");
        SameDiff gradient = Gradients.graph(sd, List.of("a", "b", "w"));
        TinyVit.randomize(sd);
        List<String> names =
                Stream.of("a", "b", "w").map(n -> Gradients.nameOf(sd, n)).toList();
        Map<String, INDArray> expected = Interpreter.output(gradient, Map.of(), names);
        names.forEach(n -> targets.put(n, Nd4j.create(F, expected.get(n).shape())));
        List<String> more = new ArrayList<>(names);
        more.add(z.getGradient().name());
        targets.put(more.get(3), Nd4j.create(F, 2, 3));
        try (Plan plan = compile(gradient, PORTABLE, more)) {
            plan.run();
            expected.forEach((n, e) -> assertNear(e, targets.get(n), Near.FLOAT, n));
            assertNear(expected.get(names.get(1)), targets.get(more.get(3)), Near.FLOAT, more.get(3));
        }
    }

    /** {@code w <- 2 w}, while a later op still reads the old {@code w}. */
    @Test
    void anOutputMayReplaceAVariable() {
        SameDiff sd = SameDiff.create();
        SDVariable w = sd.var("w", F, 2, 3);
        SDVariable next = w.mul("next", 2);
        next.add("sum", w);
        INDArray vector = TinyVit.random(F, 10);
        INDArray view = Nd4j.create(vector.data(), new long[] {2, 3}, new long[] {3, 1}, 2, 'c');
        INDArray before = view.dup('c');
        variables.put("w", view);
        targets.put("next", Nd4j.create(vector.data(), new long[] {2, 3}, new long[] {3, 1}, 2, 'c'));
        try (Plan plan = compile(sd, "next", "sum")) {
            plan.run();
            assertNear(before.mul(2), view, 0, "w");
            assertNear(before.mul(3), plan.output("sum"), Near.FLOAT, "sum");
        }
    }

    @Test
    void onlyTheShapeOfAnInputMayBeWanted() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", F, 5, 2);
        SDVariable unread = sd.math().tanh(x.mul(3));
        new GatherRows(sd, unread, sd.constant(Nd4j.createFromArray(4, 0)), false).outputVariables()[0].rename("y");
        sd.sum("loss", sd.getVariable("y").mul(sd.var("v", TinyVit.random(F, 2, 2))));
        sd.setLossVariables("loss");
        SameDiff gradient = Gradients.graph(sd, List.of("x"));
        String name = Gradients.nameOf(sd, "x");
        Map<String, INDArray> in = Map.of("x", TinyVit.random(F, 5, 2));
        INDArray expected = Interpreter.output(gradient, in, List.of(name)).get(name);
        try (Plan plan = compile(gradient, name)) {
            plan.input("x").assign(in.get("x"));
            plan.run();
            assertNear(expected, plan.output(name), Near.FLOAT, "dx");
        }
    }

    @Test
    void targetsMustBeOutputsAndFit() {
        variables.put("w", TinyVit.random(F, 3, 4));
        targets.put("other", Nd4j.create(F, 2, 3));
        var none = assertThrows(IllegalArgumentException.class, () -> compile(linear(), "y"));
        assertEquals("arrays are bound to [other], which are no outputs asked for", none.getMessage());
        targets.clear();
        targets.put("y", Nd4j.create(F, 3, 2));
        var shape = assertThrows(IllegalArgumentException.class, () -> compile(linear(), "y"));
        assertEquals("output 'y': expected a contiguous FLOAT array [2, 3], got FLOAT [3, 2]", shape.getMessage());
        targets.put("y", Nd4j.create(F, 3, 2).transpose());
        assertThrows(IllegalArgumentException.class, () -> compile(linear(), "y"));
        targets.put("y", Nd4j.create(DataType.DOUBLE, 2, 3));
        assertThrows(IllegalArgumentException.class, () -> compile(linear(), "y"));
    }

    @Test
    void errorsSayWhatThereIs() {
        variables.put("w", TinyVit.random(F, 3, 4));
        try (Plan plan = compile(linear(), "y")) {
            var in = assertThrows(IllegalArgumentException.class, () -> plan.input("z"));
            assertEquals("the plan reads no placeholder 'z', only [x]", in.getMessage());
            var out = assertThrows(IllegalArgumentException.class, () -> plan.output("z"));
            assertEquals("the plan has no output 'z', only [y]", out.getMessage());
        }
        variables.put("w", TinyVit.random(DataType.INT32, 3, 4));
        variables.put("x", TinyVit.random(DataType.INT32, 2, 4));
        var kernel = assertThrows(IllegalArgumentException.class, () -> compile(linear(), "y"));
        assertEquals("no provider of [portable] has a kernel for op dino_linear on INT", kernel.getMessage());
    }

    @Test
    void aClosedPlanDoesNotRun() {
        variables.put("w", TinyVit.random(F, 3, 4));
        Plan plan = compile(linear(), Providers.ONEDNN.list(), List.of("y"));
        plan.run();
        plan.close();
        plan.close();
        assertEquals(
                "the plan is closed",
                assertThrows(IllegalStateException.class, plan::run).getMessage());
        assertThrows(IllegalStateException.class, plan::profile);
    }

    @Test
    void aFailedCompilationClosesItsKernels() {
        CountingProvider counting = new CountingProvider();
        SameDiff sd = linear();
        SDVariable y = sd.getVariable("y").castTo(DataType.INT32);
        SDVariable w = sd.var("wi", DataType.INT32, 3, 3);
        new Linear(sd, y, w, null, false, null, null).outputVariables()[0].rename("z");
        assertThrows(IllegalArgumentException.class, () -> compile(sd, List.of(counting), List.of("z")));
        assertEquals(1, counting.made());
        assertEquals(1, counting.closed());
    }

    @Test
    void aPlanOutlivesTheWorkspaceItIsMadeIn() {
        variables.put("w", TinyVit.random(F, 3, 4));
        Plan plan;
        try (MemoryWorkspace ws = Nd4j.getWorkspaceManager().getAndActivateWorkspace("plans")) {
            plan = compile(linear(), Providers.ONEDNN.list(), List.of("y"));
            assertTrue(ws.isScopeActive());
        }
        assertFalse(plan.input("x").isAttached());
        assertFalse(plan.output("y").isAttached());
        plan.close();
    }

    @Test
    void aProfileCoversEveryKindOfOp() {
        try (Plan plan = compile(chain(3), "y")) {
            List<OpTime> times = plan.profile();
            assertEquals(
                    Set.of("tanh", "add_scalar"), times.stream().map(OpTime::op).collect(Collectors.toSet()));
            assertEquals(plan.cost(), times.stream().map(OpTime::cost).reduce(Cost.NONE, Cost::plus));
        }
    }

    /** An output that is a variable the plan has to copy is no memory to write to. */
    @Test
    void aScatteredVariableMayBeAnOutput() {
        SameDiff sd = SameDiff.create();
        SDVariable v = sd.var("v", F, 2, 3);
        sd.identity("same", v);
        INDArray transposed = TinyVit.random(F, 3, 2).transpose();
        variables.put("v", transposed);
        targets.put("v", Nd4j.create(F, 2, 3));
        try (Plan plan = compile(sd, "v", "same")) {
            plan.run();
            assertEquals(transposed.dup('c'), targets.get("v"));
            assertEquals(transposed.dup('c'), plan.output("same"));
        }
    }
}
