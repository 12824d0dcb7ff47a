package io.dino4j.parity;

import io.dino4j.graph.exec.Bindings;
import io.dino4j.graph.exec.Gradients;
import io.dino4j.graph.exec.Plan;
import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.op.GraphOps;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A graph under test: inputs go in by name, outputs and gradients come out. */
final class Graph {
    final SameDiff sd = SameDiff.create();
    final Target target;
    private final Map<String, INDArray> arrays = new HashMap<>();
    private final List<SDVariable> weighted = new ArrayList<>();

    Graph(Target target) {
        GraphOps.register();
        this.target = target;
    }

    /** A placeholder that holds {@code value} in the target's type. */
    SDVariable input(String name, INDArray value) {
        arrays.put(name, cast(value));
        return sd.placeHolder(name, target.type(), value.shape());
    }

    /** A placeholder that holds integers as they are. */
    SDVariable integers(String name, INDArray value) {
        arrays.put(name, value);
        return sd.placeHolder(name, value.dataType(), value.shape());
    }

    /** Gives arrays to variables that a builder has declared. */
    void parameters(Map<String, INDArray> values, String prefix) {
        values.forEach((name, value) -> arrays.put(prefix + name, cast(value)));
    }

    /** Gives arrays to placeholders that a builder has declared. */
    void bind(Map<String, INDArray> values) {
        arrays.putAll(values);
    }

    INDArray cast(INDArray a) {
        return a.castTo(target.type()).dup('c');
    }

    /** Adds {@code sum(weights * output)} to the loss. */
    void addToLoss(SDVariable output, INDArray weights) {
        SDVariable w = sd.constant(output.name() + ".loss_weights", cast(weights));
        weighted.add(output.mul(w).sum());
    }

    /** Runs the graph. */
    Map<String, INDArray> run(List<String> outputs) {
        return run(sd, outputs, Collective.ALONE);
    }

    /** Runs the graph as one of several workers. */
    Map<String, INDArray> run(List<String> outputs, Collective collective) {
        return run(sd, outputs, collective);
    }

    /** The loss, under the name {@code loss}, outputs, and gradients under {@code d <name>}. */
    Map<String, INDArray> runWithGradients(List<String> outputs, List<String> wanted) {
        if (!sd.hasVariable("loss")) {
            SDVariable loss = weighted.get(0);
            for (int i = 1; i < weighted.size(); i++) {
                loss = loss.add(weighted.get(i));
            }
            loss.rename("loss");
        }
        sd.setLossVariables("loss");
        SameDiff gradient = Gradients.graph(sd, wanted);
        List<String> names = new ArrayList<>(outputs);
        names.add("loss");
        wanted.forEach(w -> names.add(Gradients.nameOf(sd, w)));
        Map<String, INDArray> results = run(gradient, names, Collective.ALONE);
        Map<String, INDArray> named = new LinkedHashMap<>(results);
        wanted.forEach(w -> named.put("d " + w, results.get(Gradients.nameOf(sd, w))));
        return named;
    }

    private Map<String, INDArray> run(SameDiff graph, List<String> outputs, Collective collective) {
        Bindings bindings = new Bindings(arrays, Map.of());
        try (Plan plan = Plan.compile(graph, outputs, Map.of(), bindings, target.providers(), collective)) {
            plan.run();
            plan.run(); // a second run in the same memory must not differ from the first
            Map<String, INDArray> results = new LinkedHashMap<>();
            outputs.forEach(o -> results.put(o, plan.output(o).dup('c')));
            return results;
        }
    }
}
