package io.dino4j.train;

import io.dino4j.graph.exec.Bindings;
import io.dino4j.graph.exec.Gradients;
import io.dino4j.graph.exec.OpTime;
import io.dino4j.graph.exec.Plan;
import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.op.Cost;
import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.graph.ssl.StudentGraph;
import io.dino4j.graph.ssl.TeacherGraph;
import io.dino4j.graph.vit.DropPath;
import io.dino4j.graph.vit.Tokens;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Student and teacher, and everything of a step but the update: targets, losses and gradients (official {@code ssl_meta_arch.py}).
 * Parameters, averages and gradients are flat vectors of one layout, which the compiled graphs read and write in place.
 */
public final class SslModel implements AutoCloseable {
    private final SslConfig config;
    private final ParameterVector student;
    private final ParameterVector average;
    private final ParameterVector gradients;
    private final StudentGraph studentGraph;
    private final TeacherGraph teacherGraph;
    private final Plan studentPlan;
    private final Plan teacherPlan;
    private final Centers clsCenter;
    private final Centers patchCenter;

    /**
     * Builds and compiles both graphs; parameters are zero.
     *
     * @param type FLOAT to train, DOUBLE to check
     * @param providers who computes the ops, the first that can
     * @param collective the workers that targets are balanced over
     */
    public SslModel(SslConfig config, DataType type, List<KernelProvider> providers, Collective collective) {
        this.config = config;
        ParameterLayout layout = config.layout();
        student = ParameterVector.zeros(layout, type);
        average = ParameterVector.zeros(layout, type);
        gradients = ParameterVector.zeros(layout, type);
        clsCenter = new Centers(type, config.dinoHead().prototypes());
        patchCenter =
                new Centers(type, config.ibotHead().orElse(config.dinoHead()).prototypes());
        studentGraph = StudentGraph.of(config, type);
        teacherGraph = TeacherGraph.of(config, type);
        studentPlan = compileStudent(providers, collective);
        teacherPlan = compileTeacher(providers, collective);
    }

    private Plan compileStudent(List<KernelProvider> providers, Collective collective) {
        SameDiff forward = studentGraph.graph();
        List<String> names = student.layout().names();
        SameDiff graph = Gradients.graph(forward, names);
        Map<String, INDArray> targets = new HashMap<>();
        List<String> outputs = new ArrayList<>();
        studentGraph.terms().forEach(t -> outputs.add(t.name()));
        outputs.add(StudentGraph.LOSS);
        outputs.add(TeacherGraph.CLS_FEATURES);
        for (String name : names) {
            String gradient = Gradients.nameOf(forward, name);
            outputs.add(gradient);
            targets.put(gradient, gradients.view(name));
        }
        return Plan.compile(graph, outputs, Map.of(), new Bindings(student.views(""), targets), providers, collective);
    }

    /** The teacher reads the student's copy of the global crops and writes its targets where the student reads them. */
    private Plan compileTeacher(List<KernelProvider> providers, Collective collective) {
        Map<String, INDArray> arrays = average.views("");
        arrays.put(TeacherGraph.GLOBAL_CROPS, studentPlan.input(TeacherGraph.GLOBAL_CROPS));
        arrays.put(TeacherGraph.CLS_CENTER, clsCenter.center);
        arrays.put(TeacherGraph.PATCH_CENTER, patchCenter.center);
        Map<String, INDArray> targets = new HashMap<>();
        for (String output : List.of(TeacherGraph.CLS_TARGETS, TeacherGraph.PATCH_TARGETS)) {
            targets.put(output, studentPlan.input(output));
        }
        if (config.targets() == SslConfig.Targets.CENTERING) {
            targets.put(TeacherGraph.CLS_MEAN, clsCenter.mean);
            targets.put(TeacherGraph.PATCH_MEAN, patchCenter.mean);
        }
        return Plan.compile(
                teacherGraph.graph(),
                teacherGraph.outputs(),
                Map.of(),
                new Bindings(arrays, targets),
                providers,
                collective);
    }

    /** What is worked out. */
    public SslConfig config() {
        return config;
    }

    /** The parameters that are trained. */
    public ParameterVector student() {
        return student;
    }

    /** The moving average of the student: the result of training. */
    public ParameterVector average() {
        return average;
    }

    /** The network that makes the targets: the average itself. */
    public ParameterVector teacher() {
        return average;
    }

    /** The targets of the cls tokens in the last step, {@code [2 B, K]}: all first crops, then all second ones. */
    public INDArray clsTargets() {
        return studentPlan.input(TeacherGraph.CLS_TARGETS);
    }

    /**
     * The teacher's features of the global crops in the last step, {@code [2 B, D]}: cls tokens after the final norm, before the head;
     * all first crops, then all second ones.
     */
    public INDArray teacherFeatures() {
        return teacherPlan.output(TeacherGraph.CLS_FEATURES);
    }

    /** The student's features of the (masked) global crops in the last step, like {@link #teacherFeatures}. */
    public INDArray studentFeatures() {
        return studentPlan.output(TeacherGraph.CLS_FEATURES);
    }

    /** The gradients of the last step. */
    public ParameterVector gradients() {
        return gradients;
    }

    /** The branches of stochastic depth, whose rows {@link StepInputs#dropRows} gives. */
    public DropPath dropPath() {
        return studentGraph.tokens().dropPath();
    }

    /** The centre of cls tokens (softmax-centring). */
    Centers clsCenter() {
        return clsCenter;
    }

    /** The centre of patch tokens (softmax-centring). */
    Centers patchCenter() {
        return patchCenter;
    }

    /** Bytes of intermediate arrays of both graphs. */
    public long planBytes() {
        return studentPlan.bytes() + teacherPlan.bytes();
    }

    /** The centres of cls and of patch tokens, {@code [1, K]}, as the last step used them (softmax-centring). */
    public List<INDArray> centers() {
        return List.of(clsCenter.center, patchCenter.center);
    }

    /**
     * Targets, losses and gradients of a batch.
     *
     * @param teacherTemp temperature of the teacher's softmax
     * @return the value of every term, in the order of the objective, and {@code loss}
     */
    public Map<String, Double> forwardBackward(StepInputs in, double teacherTemp) {
        return forwardBackward(in, teacherTemp, Plan::run);
    }

    /**
     * {@link #forwardBackward(StepInputs, double)}, measured.
     *
     * @return one entry for every op of both graphs, in order
     */
    public List<OpTime> profile(StepInputs in, double teacherTemp) {
        List<OpTime> times = new ArrayList<>();
        forwardBackward(in, teacherTemp, plan -> times.addAll(plan.profile()));
        return times;
    }

    /** What targets, losses and gradients of a batch cost at least. */
    public Cost cost() {
        return teacherPlan.cost().plus(studentPlan.cost());
    }

    private Map<String, Double> forwardBackward(StepInputs in, double teacherTemp, Consumer<Plan> runner) {
        fill(in, teacherTemp);
        boolean centering = config.targets() == SslConfig.Targets.CENTERING;
        if (centering) {
            clsCenter.apply();
            patchCenter.apply();
        }
        runner.accept(teacherPlan);
        if (centering) {
            clsCenter.setPending(true);
            patchCenter.setPending(in.maskedCount() > 0);
        }
        runner.accept(studentPlan);
        Map<String, Double> losses = new LinkedHashMap<>();
        studentGraph
                .terms()
                .forEach(t -> losses.put(t.name(), studentPlan.output(t.name()).getDouble(0)));
        losses.put(StudentGraph.LOSS, studentPlan.output(StudentGraph.LOSS).getDouble(0));
        return losses;
    }

    private void fill(StepInputs in, double teacherTemp) {
        if (in.maskedCount() > config.maxMasked()) {
            throw new IllegalArgumentException(
                    "the batch masks %d patches, there is room for %d".formatted(in.maskedCount(), config.maxMasked()));
        }
        studentPlan.input(TeacherGraph.GLOBAL_CROPS).assign(in.globalCrops());
        in.localCrops()
                .ifPresent(x -> studentPlan.input(StudentGraph.LOCAL_CROPS).assign(x));
        studentPlan.input(StudentGraph.MASKS).assign(in.masks());
        studentPlan.input(StudentGraph.MASK_WEIGHTS).assign(in.maskWeights());
        write(studentPlan.input(StudentGraph.ROWS), studentRows(in));
        in.dropRows().forEach((name, rows) -> write(studentPlan.input(name), rows));

        teacherPlan.input(TeacherGraph.TEMPERATURE).assign(teacherTemp);
        teacherPlan.input(TeacherGraph.MASKED_COUNT).assign(in.maskedCount());
        write(teacherPlan.input(TeacherGraph.ROWS), teacherRows(in));
    }

    private static void write(INDArray target, int[] values) {
        if (values.length != target.length()) {
            throw new IllegalArgumentException("expected %d rows, got %d".formatted(target.length(), values.length));
        }
        target.data().setData(values);
    }

    private int[] studentRows(StepInputs in) {
        Tokens t = studentGraph.tokens();
        int[] rows = new int[config.headRows()];
        int at = 0;
        for (int i = 0; i < config.localRows(); i++) {
            rows[at++] = t.clsRow(1, i);
        }
        for (int i = 0; i < config.globalRows(); i++) {
            rows[at++] = t.clsRow(0, i);
        }
        addMasked(in, t, rows, at);
        return rows;
    }

    private int[] teacherRows(StepInputs in) {
        Tokens t = teacherGraph.tokens();
        int[] rows = new int[config.globalRows() + config.maxMasked()];
        for (int i = 0; i < config.globalRows(); i++) {
            rows[i] = t.clsRow(0, i);
        }
        addMasked(in, t, rows, config.globalRows());
        return rows;
    }

    /** Rows of masked patches; the room left over points at row 0, whose weight there is 0. */
    private void addMasked(StepInputs in, Tokens t, int[] rows, int at) {
        int n = config.globalPatches();
        for (int i = 0; i < in.maskedCount(); i++) {
            int index = in.maskIndices()[i];
            rows[at + i] = t.patchRow(0, index / n, index % n);
        }
    }

    @Override
    public void close() {
        studentPlan.close();
        teacherPlan.close();
    }
}
