package io.dino4j.train;

import io.dino4j.graph.Precision;
import io.dino4j.graph.exec.OpTime;
import io.dino4j.graph.exec.Plan;
import io.dino4j.graph.exec.PlanOptions;
import io.dino4j.graph.exec.WorkingMemory;
import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.op.Cost;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.graph.vit.DropPath;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Student and teacher, and everything of a step but the update: targets, losses and gradients (official {@code ssl_meta_arch.py}).
 * Parameters, averages and gradients are flat vectors of one layout, which the compiled graphs read and write in place.
 */
public final class SslModel implements AutoCloseable {
    private final SslConfig config;
    private final ModelParameters parameters;
    private final ParameterVector gradients;
    private final Exchange exchange;
    private final WorkingMemory memory;
    private final TeacherPass teacherPass;
    private final StudentPass studentPass;

    /**
     * Builds and compiles both graphs; parameters are zero.
     *
     * @param precision F32 or BF16 to train, F64 to check
     * @param providers who computes the ops, the first that can
     * @param collective the workers that targets are balanced over
     */
    public SslModel(SslConfig config, Precision precision, List<KernelProvider> providers, Collective collective) {
        this(config, precision, providers, collective, false);
    }

    /**
     * Builds and compiles all graphs; parameters are zero.
     *
     * @param precision F32 or BF16 to train, F64 to check
     * @param providers who computes the ops, the first that can
     * @param collective the workers that targets are balanced over
     * @param recomputeBlocks true to work out the student's blocks again for the gradients, for less memory; the results are the same
     */
    public SslModel(
            SslConfig config,
            Precision precision,
            List<KernelProvider> providers,
            Collective collective,
            boolean recomputeBlocks) {
        this(
                config,
                precision,
                providers,
                collective,
                recomputeBlocks,
                ModelParameters.zeros(config, precision.parameters()));
    }

    /** A replica that works on parameters which others read too. */
    SslModel(
            SslConfig config,
            Precision precision,
            List<KernelProvider> providers,
            Collective collective,
            boolean recomputeBlocks,
            ModelParameters parameters) {
        DataType type = precision.parameters();
        this.config = config;
        this.parameters = parameters;
        gradients = ParameterVector.zeros(config.student().layout(), type);
        exchange = Exchange.of(config, type);
        // one pass after the other: the student's, which is most often the larger, takes the memory first
        memory = new WorkingMemory();
        PlanOptions options = new PlanOptions(providers, collective).workingIn(memory);
        studentPass =
                new StudentPass(config, precision, parameters.student(), gradients, exchange, options, recomputeBlocks);
        teacherPass = new TeacherPass(config, precision, parameters.teacher(), exchange, options);
    }

    /** What is worked out. */
    public SslConfig config() {
        return config;
    }

    /** The parameters that are trained. */
    public ParameterVector student() {
        return parameters.student();
    }

    /** The moving average of the student: the result of training. */
    public ParameterVector average() {
        return parameters.average();
    }

    /** The network that makes the targets: the average itself, or a frozen teacher with a layout of its own. */
    public ParameterVector teacher() {
        return parameters.teacher();
    }

    /** The gradients of the last step. */
    public ParameterVector gradients() {
        return gradients;
    }

    /** The targets of the cls tokens in the last step, {@code [2 k B, K]}: all first crops, then all second ones. */
    public INDArray clsTargets() {
        return exchange.clsTargets();
    }

    /**
     * The teacher's features of the global crops in the last step, {@code [2 k B, D]}: cls tokens after the final norm, before the head;
     * all first crops, then all second ones.
     */
    public INDArray teacherFeatures() {
        return teacherPass.features();
    }

    /** The student's features of the (masked) global crops in the last step, like {@link #teacherFeatures}. */
    public INDArray studentFeatures() {
        return studentPass.features();
    }

    /** Tells somebody of gradients that are final during the backward pass. */
    void tell(GradientListener told) {
        studentPass.tell(told);
    }

    /** The branches of stochastic depth, whose rows {@link StepInputs#dropRows} gives. */
    public DropPath dropPath() {
        return studentPass.dropPath();
    }

    /** The centre of cls tokens (softmax-centring). */
    Centers clsCenter() {
        return teacherPass.clsCenter();
    }

    /** The centre of patch tokens (softmax-centring). */
    Centers patchCenter() {
        return teacherPass.patchCenter();
    }

    /** Bytes of intermediate arrays of all graphs. */
    public long planBytes() {
        return exchange.bytes() + memory.bytes() + studentPass.bytes() + teacherPass.bytes();
    }

    /** The centres of cls and of patch tokens, {@code [1, K]}, as the last step used them (softmax-centring). */
    public List<INDArray> centers() {
        return List.of(clsCenter().center, patchCenter().center);
    }

    /**
     * Trains the heads only, or everything again: with the backbone frozen, its gradients are not worked out and are zero. Compiles the
     * student anew if that is a change.
     */
    public void freezeBackbone(boolean freeze) {
        studentPass.freezeBackbone(freeze);
    }

    /**
     * Targets, losses and gradients of a step: those of one batch made of all micro-batches.
     *
     * @param in {@code k} micro-batches
     * @param teacherTemp temperature of the teacher's softmax
     * @return the value of every term, in the order of the objective, and {@code loss}
     * @throws IllegalArgumentException if the number of micro-batches or of masked patches is not that of the configuration
     */
    public Map<String, Double> forwardBackward(List<StepInputs> in, double teacherTemp) {
        return forwardBackward(in, teacherTemp, Plan::run);
    }

    /**
     * {@link #forwardBackward(List, double)}, measured.
     *
     * @return one entry for every op of all graphs, in order
     */
    public List<OpTime> profile(List<StepInputs> in, double teacherTemp) {
        List<OpTime> times = new ArrayList<>();
        forwardBackward(in, teacherTemp, plan -> times.addAll(plan.profile()));
        return times;
    }

    /** What targets, losses and gradients of a step cost at least. */
    public Cost cost() {
        return teacherPass.cost().plus(studentPass.cost());
    }

    private Map<String, Double> forwardBackward(List<StepInputs> in, double teacherTemp, Consumer<Plan> runner) {
        if (in.size() != config.microBatches()) {
            throw new IllegalArgumentException(
                    "a step takes %d micro-batches, got %d".formatted(config.microBatches(), in.size()));
        }
        for (StepInputs batch : in) {
            if (batch.maskedCount() > config.maxMasked()) {
                throw new IllegalArgumentException("the batch masks %d patches, there is room for %d"
                        .formatted(batch.maskedCount(), config.maxMasked()));
            }
        }
        teacherPass.run(in, teacherTemp, runner);
        return studentPass.run(in, runner);
    }

    @Override
    public void close() {
        studentPass.close();
        teacherPass.close();
    }
}
