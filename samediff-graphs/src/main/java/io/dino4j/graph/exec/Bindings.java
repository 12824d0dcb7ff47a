package io.dino4j.graph.exec;

import io.dino4j.graph.kernel.WeightVersion;
import java.util.Map;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Arrays outside the plan that it works on in place.
 *
 * @param variables arrays of VARIABLEs and placeholders, by name, contiguous in C order; where there is none, the graph's own or
 *     the plan's
 * @param outputs arrays that requested outputs are to be written to, by name; contiguous, C order, of the output's shape
 * @param weights tells when VARIABLEs change; empty if they may at every run
 */
public record Bindings(
        Map<String, INDArray> variables, Map<String, INDArray> outputs, Optional<WeightVersion> weights) {
    /** The graph's own variables, and outputs in the plan's memory. */
    public static final Bindings NONE = new Bindings(Map.of(), Map.of());

    /** Weights may change at every run. */
    public Bindings(Map<String, INDArray> variables, Map<String, INDArray> outputs) {
        this(variables, outputs, Optional.empty());
    }
}
