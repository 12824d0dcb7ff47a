package io.dino4j.train;

import io.dino4j.graph.Precision;
import io.dino4j.graph.exec.Bindings;
import io.dino4j.graph.exec.Gradients;
import io.dino4j.graph.exec.Plan;
import io.dino4j.graph.exec.PlanOptions;
import io.dino4j.graph.op.Cost;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.ssl.KoLeoGraph;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.graph.ssl.StudentGraph;
import io.dino4j.graph.ssl.TeacherGraph;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** KoLeo over all micro-batches of a step: its value, and its gradient with respect to every feature. */
final class KoLeoPass implements AutoCloseable {
    private final SslConfig config;
    private final Exchange exchange;
    private final Plan network;
    private final Plan loss;
    private final INDArray features;
    private final INDArray gradient;
    private final RowCopy gather;
    private final RowCopy select;

    /**
     * Compiles the graphs.
     *
     * @param batchGradient {@code [2 B, D]}, where {@link #select} writes
     */
    KoLeoPass(
            SslConfig config,
            Precision precision,
            ParameterVector student,
            Exchange exchange,
            INDArray batchGradient,
            PlanOptions options) {
        this.config = config;
        this.exchange = exchange;
        DataType type = precision.parameters();
        Map<String, INDArray> inputs = student.views("");
        inputs.put(TeacherGraph.GLOBAL_CROPS, exchange.globalCrops());
        network = Plan.compile(
                KoLeoGraph.features(config, precision),
                List.of(TeacherGraph.CLS_FEATURES),
                Map.of(),
                new Bindings(inputs, Map.of()),
                options);
        INDArray ofBatch = network.output(TeacherGraph.CLS_FEATURES);
        features = Nd4j.zeros(type, config.stepGlobalRows(), ofBatch.size(1));
        gradient = features.dup();
        gather = new RowCopy(ofBatch, features);
        select = new RowCopy(gradient, batchGradient);

        SameDiff forward = KoLeoGraph.loss(config, type);
        SameDiff backward = Gradients.graph(forward, List.of(KoLeoGraph.FEATURES));
        String name = Gradients.nameOf(forward, KoLeoGraph.FEATURES);
        loss = Plan.compile(
                backward,
                List.of(StudentGraph.KOLEO_LOSS, name),
                Map.of(),
                new Bindings(Map.of(KoLeoGraph.FEATURES, features), Map.of(name, gradient)),
                options);
    }

    /** Works out value and gradient of a step. */
    void run(List<StepInputs> in, Consumer<Plan> runner) {
        for (int i = 0; i < in.size(); i++) {
            exchange.globalCrops().assign(in.get(i).globalCrops());
            StudentPass.fill(network, in.get(i));
            runner.accept(network);
            gather.copyCrops(config.batch(), i, true);
        }
        runner.accept(loss);
    }

    /** What a step costs. */
    Cost cost() {
        return network.cost().times(config.microBatches()).plus(loss.cost());
    }

    /** Features of the global crops of the step, {@code [2 k B, D]}. */
    INDArray features() {
        return features;
    }

    /** The value of the step. */
    double value() {
        return loss.output(StudentGraph.KOLEO_LOSS).getDouble(0);
    }

    /** Brings the rows of a micro-batch to the array for them. */
    void select(int number) {
        select.copyCrops(config.batch(), number, false);
    }

    /** Bytes of intermediate arrays beside the working memory of all plans. */
    long bytes() {
        return network.bytes()
                + loss.bytes()
                + 2 * features.length() * features.dataType().width();
    }

    @Override
    public void close() {
        network.close();
        loss.close();
    }
}
