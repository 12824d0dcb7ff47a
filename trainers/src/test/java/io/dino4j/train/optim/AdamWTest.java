package io.dino4j.train.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.train.schedule.Hyper;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

final class AdamWTest {
    private static final Hyper NOW = new Hyper(0.01, 0.1, 0.9, 0.04, 0.02);

    /** Lengths around a block's, so that blocks are cut at ranges and ranges at blocks. */
    private static ParameterLayout layout() {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        shapes.put("backbone.pos_embed", new long[] {1, 5, 7});
        shapes.put("backbone.blocks.0.norm1.weight", new long[] {3});
        shapes.put("backbone.blocks.0.mlp.fc1.weight", new long[] {2, Blocks.SIZE});
        shapes.put("backbone.blocks.0.mlp.fc1.bias", new long[] {Blocks.SIZE + 1});
        shapes.put("dino_head.last_layer.weight_v", new long[] {Blocks.SIZE - 1});
        return ParameterLayout.of(shapes);
    }

    @Test
    void threeStepsFollowTheFormula() {
        ParameterLayout layout = layout();
        ParameterGroups groups = ParameterGroups.of(layout, 0.5, 0.2);
        ParameterVector student = random(layout, 1);
        ParameterVector teacher = random(layout, 2);
        double[] p = student.vector().toDoubleVector();
        double[] t = teacher.vector().toDoubleVector();
        double[] m = new double[p.length];
        double[] v = new double[p.length];
        try (Workers workers = new Workers(2)) {
            GradientClip clip = new GradientClip(groups, 3, workers);
            AdamW adam = new AdamW(groups, AdamW.Constants.DEFAULT, workers);
            for (int step = 1; step <= 3; step++) {
                ParameterVector gradients = random(layout, 10 + step);
                GradientClip.Clipping clipping = clip.measure(gradients);
                double[] g = gradients.vector().toDoubleVector();
                adam.update(student, gradients, clipping, teacher, NOW);
                for (ParameterGroups.Range r : groups.ranges()) {
                    double norm = norm(g, groups, r.subNetwork());
                    assertEquals(norm, clipping.norms()[r.subNetwork()], 1e-9 * norm);
                    double factor = Math.min(1, 3 / (norm + 1e-6));
                    double lr = (r.lastLayer() ? 0.02 : 0.01) * r.lrMultiplier();
                    for (int i = (int) r.from(); i < r.to(); i++) {
                        m[i] = 0.9 * m[i] + 0.1 * factor * g[i];
                        v[i] = 0.999 * v[i] + 0.001 * Math.pow(factor * g[i], 2);
                        p[i] *= 1 - lr * 0.1 * r.wdMultiplier();
                        p[i] -= lr
                                * m[i]
                                / (1 - Math.pow(0.9, step))
                                / (Math.sqrt(v[i] / (1 - Math.pow(0.999, step))) + 1e-8);
                        t[i] = 0.9 * t[i] + 0.1 * p[i];
                    }
                }
            }
        }
        assertArrayEquals(p, student.vector().toDoubleVector(), 2e-7);
        assertArrayEquals(t, teacher.vector().toDoubleVector(), 2e-7);
    }

    private static double norm(double[] g, ParameterGroups groups, int subNetwork) {
        double sum = 0;
        for (ParameterGroups.Range r : groups.ranges()) {
            for (int i = (int) r.from(); r.subNetwork() == subNetwork && i < r.to(); i++) {
                sum += g[i] * g[i];
            }
        }
        return Math.sqrt(sum);
    }

    @Test
    void aResumedRunEqualsAnUnbrokenOneAtAnyThreadCount() {
        float[] unbroken = run(1, false);
        assertArrayEquals(unbroken, run(2, true), 0f);
        assertArrayEquals(unbroken, run(5, true), 0f);
    }

    private static float[] run(int threads, boolean resume) {
        ParameterLayout layout = layout();
        ParameterGroups groups = ParameterGroups.of(layout, 0.9, 0.2);
        ParameterVector student = random(layout, 1);
        ParameterVector teacher = random(layout, 2);
        try (Workers workers = new Workers(threads)) {
            GradientClip clip = new GradientClip(groups, 3, workers);
            AdamW adam = new AdamW(groups, AdamW.Constants.DEFAULT, workers);
            for (int step = 0; step < 4; step++) {
                if (resume && step == 2) {
                    AdamW restored = new AdamW(groups, AdamW.Constants.DEFAULT, workers);
                    restored.firstMoment().vector().assign(adam.firstMoment().vector());
                    restored.secondMoment().vector().assign(adam.secondMoment().vector());
                    restored.restoreSteps(adam.steps());
                    adam = restored;
                }
                ParameterVector gradients = random(layout, 10 + step);
                adam.update(student, gradients, clip.measure(gradients), teacher, NOW);
            }
        }
        return teacher.vector().toFloatVector();
    }

    @Test
    void frozenPrototypesStayWhileTheirMomentsMove() {
        ParameterLayout layout = layout();
        ParameterGroups groups = ParameterGroups.of(layout, 1, 1);
        ParameterVector student = random(layout, 1);
        float[] before = student.view("dino_head.last_layer.weight_v").dup().toFloatVector();
        try (Workers workers = new Workers(2)) {
            AdamW adam = new AdamW(groups, AdamW.Constants.DEFAULT, workers);
            ParameterVector gradients = random(layout, 3);
            GradientClip.Clipping clipping = new GradientClip(groups, 0, workers).measure(gradients);
            adam.update(student, gradients, clipping, random(layout, 2), new Hyper(0.01, 0.1, 0.9, 0.04, 0));
            assertArrayEquals(
                    before, student.view("dino_head.last_layer.weight_v").dup().toFloatVector(), 0f);
            assertNotEquals(
                    0f, adam.firstMoment().view("dino_head.last_layer.weight_v").getFloat(0));
        }
    }

    /** When a sub-network thaws, it moves as under an optimiser that begins then; the others never notice. */
    @Test
    void aFrozenSubNetworkStaysAndThenBeginsAfresh() {
        ParameterLayout layout = layout();
        ParameterGroups groups = ParameterGroups.of(layout, 0.9, 0.2);
        int head = (int) layout.get("dino_head.last_layer.weight_v").offset();
        ParameterVector start = random(layout, 1);
        try (Workers workers = new Workers(2)) {
            AdamW frozen = new AdamW(groups, AdamW.Constants.DEFAULT, workers);
            frozen.freeze("backbone", 2);
            AdamW usual = new AdamW(groups, AdamW.Constants.DEFAULT, workers);
            AdamW late = new AdamW(groups, AdamW.Constants.DEFAULT, workers);
            ParameterVector p = random(layout, 1);
            ParameterVector average = random(layout, 2);
            ParameterVector ofUsual = random(layout, 1);
            ParameterVector ofLate = random(layout, 1);
            for (int step = 0; step < 4; step++) {
                ParameterVector gradients = random(layout, 10 + step);
                GradientClip.Clipping clipping = new GradientClip(groups, 3, workers).measure(gradients);
                frozen.update(p, gradients, clipping, average, NOW);
                usual.update(ofUsual, gradients, clipping, random(layout, 2), NOW);
                if (step >= 2) {
                    late.update(ofLate, gradients, clipping, random(layout, 2), NOW);
                }
                assertArrayEquals(part(step < 2 ? start : ofLate, 0, head), part(p, 0, head), 0f);
                assertArrayEquals(part(ofUsual, head, layout.length()), part(p, head, layout.length()), 0f);
                if (step == 1) {
                    assertArrayEquals(part(random(layout, 2), 0, head), part(average, 0, head), 0f);
                    assertArrayEquals(new float[head], part(frozen.firstMoment(), 0, head), 0f);
                    assertArrayEquals(new float[head], part(frozen.secondMoment(), 0, head), 0f);
                }
            }
            assertNotEquals(start.vector(), p.vector());
            assertThrows(IllegalArgumentException.class, () -> frozen.freeze("ibot_head", 1));
        }
    }

    private static float[] part(ParameterVector v, long from, long to) {
        return Arrays.copyOfRange(v.vector().toFloatVector(), (int) from, (int) to);
    }

    @Test
    void theAverageOfItsOwnPassIsTheOneMadeAlongTheWay() {
        ParameterLayout layout = layout();
        ParameterGroups groups = ParameterGroups.of(layout, 0.9, 0.2);
        ParameterVector student = random(layout, 1);
        ParameterVector teacher = random(layout, 2);
        ParameterVector spare = random(layout, 2);
        try (Workers workers = new Workers(2)) {
            ParameterVector gradients = random(layout, 3);
            new AdamW(groups, AdamW.Constants.DEFAULT, workers)
                    .update(student, gradients, new GradientClip(groups, 3, workers).measure(gradients), teacher, NOW);
            Ema ema = new Ema(layout.length(), workers);
            ema.update(spare, student, NOW.momentum());
            assertArrayEquals(teacher.vector().toFloatVector(), spare.vector().toFloatVector(), 0f);
            ema.update(spare, student, 1);
            assertArrayEquals(teacher.vector().toFloatVector(), spare.vector().toFloatVector(), 0f);
        }
    }

    @Test
    void gradientsThatAreNotFiniteAreSeen() {
        ParameterLayout layout = layout();
        ParameterVector gradients = random(layout, 3);
        gradients.view("dino_head.last_layer.weight_v").putScalar(5, Float.NaN);
        try (Workers workers = new Workers(2)) {
            GradientClip.Clipping clipping =
                    new GradientClip(ParameterGroups.of(layout, 1, 1), 3, workers).measure(gradients);
            assertFalse(clipping.finite());
            assertEquals(Double.NaN, clipping.norm("dino_head"));
            assertThrows(IllegalArgumentException.class, () -> clipping.norm("ibot_head"));
        }
    }

    @Test
    void neighboursWithEqualMultipliersAreOneRange() {
        ParameterGroups groups = ParameterGroups.of(layout(), 1, 1);
        assertEquals(List.of("backbone", "dino_head"), groups.subNetworks());
        assertEquals(5, groups.ranges().size());
        assertEquals(0.0, groups.ranges().get(1).wdMultiplier());
        assertEquals(layout().length(), groups.ranges().get(4).to());
    }

    private static ParameterVector random(ParameterLayout layout, long seed) {
        ParameterVector vector = ParameterVector.zeros(layout, DataType.FLOAT);
        SplittableRandom random = new SplittableRandom(seed);
        for (long i = 0; i < layout.length(); i++) {
            vector.vector().putScalar(i, (float) (random.nextDouble() - 0.5));
        }
        return vector;
    }
}
