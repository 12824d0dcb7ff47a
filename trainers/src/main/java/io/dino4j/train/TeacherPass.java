package io.dino4j.train;

import io.dino4j.graph.Precision;
import io.dino4j.graph.exec.Bindings;
import io.dino4j.graph.exec.Plan;
import io.dino4j.graph.exec.PlanOptions;
import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.op.Cost;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.graph.ssl.TargetsGraph;
import io.dino4j.graph.ssl.TeacherGraph;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The teacher's half of a step, compiled. One micro-batch goes from crops to targets in one plan. With several, their logits are brought
 * together and a second plan makes the targets of all, as if they were one batch.
 */
final class TeacherPass implements AutoCloseable {
    private final SslConfig config;
    private final TeacherGraph graph;
    private final Exchange exchange;
    private final Collective collective;
    private final Centers clsCenter;
    private final Centers patchCenter;
    private final Plan network;
    private final Plan targets; // the same with one micro-batch
    private final INDArray features;
    private final List<RowCopy> ofCrops; // features and cls logits; empty with one micro-batch
    private final List<RowCopy> ofPatches; // logits
    private final long gatheredBytes;

    TeacherPass(
            SslConfig config, Precision precision, ParameterVector teacher, Exchange exchange, PlanOptions options) {
        DataType type = precision.parameters();
        this.config = config;
        this.exchange = exchange;
        this.collective = options.collective();
        clsCenter = new Centers(type, config.teacher().dinoHead().prototypes());
        patchCenter = new Centers(type, config.teacher().patchHead().prototypes());
        graph = TeacherGraph.of(config, precision);
        Map<String, INDArray> inputs = teacher.views("");
        inputs.put(TeacherGraph.GLOBAL_CROPS, exchange.globalCrops());
        if (config.microBatches() == 1) {
            Bindings bindings = targetBindings(inputs);
            network = Plan.compile(graph.graph(), graph.outputs(), Map.of(), bindings, options);
            targets = network;
            features = network.output(TeacherGraph.CLS_FEATURES);
            ofCrops = List.of();
            ofPatches = List.of();
            gatheredBytes = 0;
            return;
        }
        network = Plan.compile(graph.graph(), graph.outputs(), Map.of(), new Bindings(inputs, Map.of()), options);
        INDArray clsLogits = Nd4j.zeros(type, exchange.clsTargets().shape());
        INDArray patchLogits = Nd4j.zeros(type, exchange.patchTargets().shape());
        features = Nd4j.zeros(
                type, config.stepGlobalRows(), config.teacher().backbone().embedDim());
        TargetsGraph last = TargetsGraph.of(config, type);
        Map<String, INDArray> logits =
                Map.of(TeacherGraph.CLS_LOGITS, clsLogits, TeacherGraph.PATCH_LOGITS, patchLogits);
        targets = Plan.compile(last.graph(), last.outputs(), Map.of(), targetBindings(new HashMap<>(logits)), options);
        ofCrops = List.of(
                new RowCopy(network.output(TeacherGraph.CLS_FEATURES), features),
                new RowCopy(network.output(TeacherGraph.CLS_LOGITS), clsLogits));
        ofPatches = List.of(new RowCopy(network.output(TeacherGraph.PATCH_LOGITS), patchLogits));
        gatheredBytes = (clsLogits.length() + patchLogits.length() + features.length()) * type.width();
    }

    private Bindings targetBindings(Map<String, INDArray> inputs) {
        Map<String, INDArray> outputs = new HashMap<>();
        outputs.put(TargetsGraph.CLS_TARGETS, exchange.clsTargets());
        outputs.put(TargetsGraph.PATCH_TARGETS, exchange.patchTargets());
        if (centering()) {
            inputs.put(TargetsGraph.CLS_CENTER, clsCenter.center);
            inputs.put(TargetsGraph.PATCH_CENTER, patchCenter.center);
            outputs.put(TargetsGraph.CLS_MEAN, clsCenter.mean);
            outputs.put(TargetsGraph.PATCH_MEAN, patchCenter.mean);
        }
        return new Bindings(inputs, outputs);
    }

    private boolean centering() {
        return config.targets() == SslConfig.Targets.CENTERING;
    }

    /** The centre of cls tokens (softmax-centring). */
    Centers clsCenter() {
        return clsCenter;
    }

    /** The centre of patch tokens (softmax-centring). */
    Centers patchCenter() {
        return patchCenter;
    }

    /** Features of the global crops of the last step, {@code [2 k B, D]}. */
    INDArray features() {
        return features;
    }

    /** Bytes of intermediate arrays beside the working memory of all plans. */
    long bytes() {
        return network.bytes() + (targets == network ? 0 : targets.bytes()) + gatheredBytes;
    }

    /** What the targets of a step cost. */
    Cost cost() {
        return targets == network
                ? network.cost()
                : network.cost().times(config.microBatches()).plus(targets.cost());
    }

    /** Makes the targets of a step; leaves the crops of the last micro-batch in the {@link Exchange}. */
    void run(List<StepInputs> in, double temperature, Consumer<Plan> runner) {
        int masked = 0;
        for (int i = 0; i < in.size(); i++) {
            StepInputs batch = in.get(i);
            exchange.globalCrops().assign(batch.globalCrops());
            if (!config.distills()) {
                Exchange.write(
                        network.input(TeacherGraph.ROWS),
                        graph.rows().ofMasked(batch.maskIndices(), batch.maskedCount()));
            }
            int patches = config.distills() ? config.patchRows() : batch.maskedCount();
            if (network != targets) {
                runner.accept(network);
                for (RowCopy copy : ofCrops) {
                    copy.copyCrops(config.batch(), i, true);
                }
                for (RowCopy copy : ofPatches) {
                    copy.copy(0, masked, patches);
                }
            }
            masked += patches;
        }
        targets.input(TargetsGraph.TEMPERATURE).assign(temperature);
        if (!config.distills()) {
            targets.input(TargetsGraph.MASKED_COUNT).assign(masked);
        }
        if (centering()) {
            clsCenter.apply();
            patchCenter.apply();
        }
        runner.accept(targets);
        if (centering()) {
            clsCenter.setPending(true);
            // a rank that masks nothing has its part in the mean of all the same
            patchCenter.setPending(config.distills() || collective.sum((double) masked) > 0);
        }
    }

    @Override
    public void close() {
        network.close();
        targets.close();
    }
}
