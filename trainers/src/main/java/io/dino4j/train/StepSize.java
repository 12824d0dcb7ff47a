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
 * @param teacher bytes of the teacher's that do not fit in the student's, which it works in
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
        PlanSize student = student(c, precision, recomputeBlocks);
        StepSize size = new StepSize(
                student.workingBytes() + student.ownBytes(),
                0,
                student.largestOp(),
                student.cost().times(c.microBatches()));
        if (c.microBatches() > 1 && c.koleoWeight() > 0) {
            for (StepSize s : koLeo(c, precision, student)) {
                size = size.plus(s);
            }
        }
        return size.plus(teacher(c, precision, student));
    }

    private static PlanSize student(SslConfig c, Precision precision, boolean recomputeBlocks) {
        StudentGraph graph = StudentGraph.of(c, precision);
        List<String> names = c.student().layout().names();
        SameDiff backward = Gradients.graph(graph.graph(), names);
        Set<String> outside = new HashSet<>(BOUND);
        names.forEach(n -> outside.add(Gradients.nameOf(graph.graph(), n)));
        List<String> outputs = StudentPass.outputs(c, graph, names);
        List<String> checkpoints = StudentPass.checkpoints(graph, recomputeBlocks);
        return Plan.measure(backward, outputs, Map.of(), outside, checkpoints);
    }

    /** KoLeo over all micro-batches, which comes before the student's own pass. */
    private static List<StepSize> koLeo(SslConfig c, Precision precision, PlanSize student) {
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
        return List.of(
                new StepSize(
                        beside(features, student),
                        0,
                        scratchBeside(features, student),
                        features.cost().times(c.microBatches())),
                new StepSize(beside(loss, student), 0, scratchBeside(loss, student), loss.cost()));
    }

    private static StepSize teacher(SslConfig c, Precision precision, PlanSize student) {
        TeacherGraph graph = TeacherGraph.of(c, precision);
        PlanSize network = Plan.measure(graph.graph(), graph.outputs(), Map.of(), BOUND, List.of());
        StepSize size = new StepSize(
                0,
                beside(network, student),
                scratchBeside(network, student),
                network.cost().times(c.microBatches()));
        if (c.microBatches() == 1) {
            return size;
        }
        TargetsGraph targets = TargetsGraph.of(c, precision.parameters());
        PlanSize last = Plan.measure(targets.graph(), targets.outputs(), Map.of(), BOUND, List.of());
        return size.plus(new StepSize(0, beside(last, student), scratchBeside(last, student), last.cost()));
    }

    /** What a plan takes beside the working memory of the student, which it uses if that is large enough. */
    private static long beside(PlanSize plan, PlanSize student) {
        return plan.ownBytes() + (plan.workingBytes() > student.workingBytes() ? plan.workingBytes() : 0);
    }

    private static long scratchBeside(PlanSize plan, PlanSize student) {
        return plan.largestOp() > student.largestOp() ? plan.largestOp() : 0;
    }

    private StepSize plus(StepSize o) {
        return new StepSize(student + o.student, teacher + o.teacher, scratch + o.scratch, cost.plus(o.cost));
    }
}
