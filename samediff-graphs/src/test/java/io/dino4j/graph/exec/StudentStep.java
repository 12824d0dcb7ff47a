package io.dino4j.graph.exec;

import io.dino4j.graph.Precision;
import io.dino4j.graph.head.HeadConfig;
import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.param.Initialization;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.ssl.Network;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.graph.ssl.StudentGraph;
import io.dino4j.graph.ssl.TargetsGraph;
import io.dino4j.graph.ssl.TeacherGraph;
import io.dino4j.graph.vit.DropPath;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The student's step on made-up data: losses, and gradients written to one vector. */
final class StudentStep implements AutoCloseable {
    private static final DataType F = DataType.FLOAT;

    private final ParameterVector gradients;
    private final StudentGraph student;
    private final Plan plan;

    StudentStep(SslConfig c, List<KernelProvider> providers, boolean recompute) {
        student = StudentGraph.of(c, Precision.F32);
        gradients = ParameterVector.zeros(c.student().layout(), F);
        ParameterVector parameters = ParameterVector.zeros(c.student().layout(), F);
        Initialization.fill(parameters, 0.1, 1);
        List<String> names = c.student().layout().names();
        SameDiff graph = Gradients.graph(student.graph(), names);
        List<String> outputs = new ArrayList<>(List.of(StudentGraph.LOSS));
        Map<String, INDArray> variables = new HashMap<>();
        Map<String, INDArray> targets = new HashMap<>();
        for (String n : names) {
            String gradient = Gradients.nameOf(student.graph(), n);
            outputs.add(gradient);
            variables.put(n, parameters.view(n));
            targets.put(gradient, gradients.view(n));
        }
        PlanOptions options = new PlanOptions(providers, Collective.ALONE);
        plan = Plan.compile(
                graph,
                outputs,
                Map.of(),
                new Bindings(variables, targets),
                recompute ? options.recomputingFrom(student.tokens().boundaries()) : options);
        fill(c);
    }

    /** Stochastic depth and local crops; room for a dozen masked patches. */
    static SslConfig config(int depth, Ffn ffn) {
        HeadConfig head = new HeadConfig(32, 40, 24, 16, 3);
        VitConfig vit = new VitConfig(16, 4, 32, depth, 2, 2, ffn, 1, 0.1, 0.1, false);
        return new SslConfig(
                new Network(vit, head, Optional.empty()),
                Optional.empty(),
                3,
                1,
                16,
                8,
                2,
                12,
                SslConfig.Targets.SINKHORN_KNOPP,
                0.1,
                1,
                0.1,
                1,
                0.4,
                true);
    }

    private void fill(SslConfig c) {
        plan.input(TeacherGraph.GLOBAL_CROPS).assign(TinyVit.random(F, 6, 3, 16, 16));
        plan.input(StudentGraph.LOCAL_CROPS).assign(TinyVit.random(F, 6, 3, 8, 8));
        plan.input(StudentGraph.MASKS).assign(0);
        plan.input(StudentGraph.MASK_WEIGHTS).assign(0.1);
        plan.input(TeacherGraph.ROWS)
                .assign(Nd4j.createFromArray(IntStream.range(0, c.headRows()).toArray()));
        plan.input(TargetsGraph.CLS_TARGETS).assign(1.0 / 40);
        plan.input(TargetsGraph.PATCH_TARGETS).assign(1.0 / 40);
        for (DropPath.Branch b : student.tokens().dropPath().branches()) {
            List<int[]> images = new ArrayList<>();
            for (int kept : b.kept()) {
                images.add(IntStream.range(0, kept).toArray());
            }
            plan.input(b.placeholder()).assign(Nd4j.createFromArray(b.rows(images)));
        }
    }

    void run(int times) {
        for (int i = 0; i < times; i++) {
            plan.run();
        }
    }

    double loss() {
        return plan.output(StudentGraph.LOSS).getDouble(0);
    }

    ParameterVector gradients() {
        return gradients;
    }

    Plan plan() {
        return plan;
    }

    @Override
    public void close() {
        plan.close();
    }
}
