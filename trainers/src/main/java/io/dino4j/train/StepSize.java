package io.dino4j.train;

import io.dino4j.graph.Precision;
import io.dino4j.graph.exec.Gradients;
import io.dino4j.graph.exec.Plan;
import io.dino4j.graph.exec.PlanSize;
import io.dino4j.graph.op.Cost;
import io.dino4j.graph.ssl.KoLeoGraph;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.graph.ssl.StudentGraph;
import io.dino4j.graph.ssl.TargetsGraph;
import io.dino4j.graph.ssl.TeacherGraph;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * What a step works with beside its parameters, and what it costs: found from the graphs, without taking the memory.
 *
 * @param student bytes of the student's intermediate arrays
 * @param teacher bytes of the teacher's
 * @param scratch bytes of working memory of kernels, at most
 * @param cost of targets, losses and gradients
 */
record StepSize(long student, long teacher, long scratch, Cost cost) {
    /** What arrays of the {@link Exchange}, of parameters and of gradients are bound to. */
    private static final Set<String> BOUND = Set.of(
            TeacherGraph.GLOBAL_CROPS,
            TargetsGraph.CLS_TARGETS,
            TargetsGraph.PATCH_TARGETS,
            TargetsGraph.CLS_CENTER,
            TargetsGraph.PATCH_CENTER,
            TargetsGraph.CLS_MEAN,
            TargetsGraph.PATCH_MEAN,
            StudentGraph.KOLEO_GRADIENT);

    /**
     * Traces all graphs of a step.
     *
     * @param recomputeBlocks see {@link SslModel}
     */
    static StepSize of(SslConfig c, Precision precision, boolean recomputeBlocks) {
        return student(c, precision, recomputeBlocks).plus(teacher(c, precision));
    }

    private static StepSize student(SslConfig c, Precision precision, boolean recomputeBlocks) {
        StudentGraph graph = StudentGraph.of(c, precision);
        List<String> names = c.student().layout().names();
        SameDiff backward = Gradients.graph(graph.graph(), names);
        Set<String> outside = new HashSet<>(BOUND);
        names.forEach(n -> outside.add(Gradients.nameOf(graph.graph(), n)));
        List<String> outputs = StudentPass.outputs(c, graph, names);
        List<String> checkpoints = StudentPass.checkpoints(graph, recomputeBlocks);
        PlanSize step = Plan.measure(backward, outputs, Map.of(), outside, checkpoints);
        StepSize size =
                new StepSize(step.arenaBytes(), 0, step.largestOp(), step.cost().times(c.microBatches()));
        return c.microBatches() == 1 || c.koleoWeight() == 0 ? size : size.plus(koLeo(c, precision));
    }

    /** KoLeo over all micro-batches, which comes before the student's own pass. */
    private static StepSize koLeo(SslConfig c, Precision precision) {
        PlanSize features = Plan.measure(
                KoLeoGraph.features(c, precision), List.of(TeacherGraph.CLS_FEATURES), Map.of(), BOUND, List.of());
        SameDiff forward = KoLeoGraph.loss(c, precision.parameters());
        SameDiff backward = Gradients.graph(forward, List.of(KoLeoGraph.FEATURES));
        String gradient = Gradients.nameOf(forward, KoLeoGraph.FEATURES);
        PlanSize loss = Plan.measure(
                backward,
                List.of(StudentGraph.KOLEO_LOSS, gradient),
                Map.of(),
                Set.of(KoLeoGraph.FEATURES, gradient),
                List.of());
        return new StepSize(
                        features.arenaBytes(),
                        0,
                        features.largestOp(),
                        features.cost().times(c.microBatches()))
                .plus(new StepSize(loss.arenaBytes(), 0, loss.largestOp(), loss.cost()));
    }

    private static StepSize teacher(SslConfig c, Precision precision) {
        TeacherGraph graph = TeacherGraph.of(c, precision);
        PlanSize network = Plan.measure(graph.graph(), graph.outputs(), Map.of(), BOUND, List.of());
        StepSize size = new StepSize(
                0, network.arenaBytes(), network.largestOp(), network.cost().times(c.microBatches()));
        if (c.microBatches() == 1) {
            return size;
        }
        TargetsGraph targets = TargetsGraph.of(c, precision.parameters());
        PlanSize last = Plan.measure(targets.graph(), targets.outputs(), Map.of(), BOUND, List.of());
        return size.plus(new StepSize(0, last.arenaBytes(), last.largestOp(), last.cost()));
    }

    private StepSize plus(StepSize o) {
        return new StepSize(student + o.student, teacher + o.teacher, scratch + o.scratch, cost.plus(o.cost));
    }
}
