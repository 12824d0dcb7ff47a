package io.dino4j.examples.benchmark;

import io.dino4j.graph.exec.Bindings;
import io.dino4j.graph.exec.BoundGraph;
import io.dino4j.graph.exec.Gradients;
import io.dino4j.graph.exec.OpTime;
import io.dino4j.graph.exec.Plan;
import io.dino4j.graph.exec.PlanOptions;
import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.kernel.WeightVersion;
import io.dino4j.graph.op.GraphOps;
import io.dino4j.graph.op.Linear;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.vit.Crops;
import io.dino4j.graph.vit.Tokens;
import io.dino4j.graph.vit.Vit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The backbone as it is trained and used: compiled, parameters and gradients in flat vectors. */
final class CompiledVit implements Compiled {
    private static final String IMAGES = "images";
    private static final String NORM = "norm_tokens";
    private static final String DIRECTION = "loss_direction";
    private static final String WEIGHTS = "loss_weights";
    private static final String LOSS = "loss";

    private final Workload work;
    private final Plan plan;
    private final ParameterVector gradients;

    /**
     * Builds and compiles the graph.
     *
     * @param providers who computes the ops, the first that can
     */
    CompiledVit(Workload work, List<KernelProvider> providers) {
        this(work, providers, false);
    }

    /**
     * Builds and compiles the graph.
     *
     * @param providers who computes the ops, the first that can
     * @param recompute true to work blocks out again for the gradients, for less memory
     */
    CompiledVit(Workload work, List<KernelProvider> providers, boolean recompute) {
        this.work = work;
        GraphOps.register();
        ParameterVector parameters = work.parameters();
        INDArray images = work.images();
        SameDiff sd = BoundGraph.create();
        SDVariable x = sd.placeHolder(IMAGES, DataType.FLOAT, images.shape());
        Vit vit = new Vit(sd, work.vit(), "", work.precision());
        int size = work.vit().imageSize();
        Tokens tokens = vit.forward(List.of(new Crops(x, work.batch(), size, size)));
        SDVariable norm = vit.norm(tokens.prenorm()).rename(NORM); //                            [T, D]

        Map<String, INDArray> bound = parameters.views("");
        bound.put(IMAGES, images);
        List<String> outputs = new ArrayList<>();
        Map<String, INDArray> targets = new HashMap<>();
        SameDiff graph = sd;
        if (work.training()) {
            gradients = ParameterVector.zeros(parameters.layout(), DataType.FLOAT);
            addLoss(sd, norm, work, bound);
            List<String> names = parameters.layout().names();
            graph = Gradients.graph(sd, names);
            outputs.add(LOSS);
            for (String name : names) {
                String gradient = Gradients.nameOf(sd, name);
                outputs.add(gradient);
                targets.put(gradient, gradients.view(name));
            }
        } else {
            gradients = null;
            outputs.add(NORM);
        }
        // training ends with new weights; inference does not
        Optional<WeightVersion> weights = work.training() ? Optional.empty() : Optional.of(new WeightVersion());
        List<String> checkpoints = recompute ? tokens.boundaries() : List.of();
        plan = Plan.compile(
                graph,
                outputs,
                Map.of(),
                new Bindings(bound, targets, weights),
                new PlanOptions(providers, Collective.ALONE).recomputingFrom(checkpoints));
    }

    /** A loss that takes no time, of which every token and channel gets a gradient of its own. */
    private static void addLoss(SameDiff sd, SDVariable norm, Workload work, Map<String, INDArray> bound) {
        bound.put(DIRECTION, work.lossDirection());
        bound.put(WEIGHTS, work.lossWeights());
        SDVariable w =
                sd.placeHolder(DIRECTION, DataType.FLOAT, bound.get(DIRECTION).shape());
        SDVariable a =
                sd.placeHolder(WEIGHTS, DataType.FLOAT, bound.get(WEIGHTS).shape());
        SDVariable along = Linear.logits(sd, norm, w).outputVariable(); //                       [T, 1]
        sd.sum(along.mul(a)).rename(LOSS);
        sd.setLossVariables(LOSS);
    }

    @Override
    public Summary summary(String preset) {
        return work.summary(preset);
    }

    @Override
    public void run() {
        plan.run();
    }

    @Override
    public List<OpTime> profile() {
        return plan.profile();
    }

    @Override
    public long bytes() {
        return plan.bytes();
    }

    /** Tokens after the final norm, {@code [B T, D]}, in the type of activations; forward alone. */
    INDArray tokens() {
        return plan.output(NORM);
    }

    /** The gradient of every parameter; training alone. */
    ParameterVector gradients() {
        return gradients;
    }

    @Override
    public void close() {
        plan.close();
    }
}
