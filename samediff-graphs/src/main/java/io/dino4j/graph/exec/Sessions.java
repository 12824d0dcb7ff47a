package io.dino4j.graph.exec;

import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.op.GraphOps;
import java.util.List;
import org.nd4j.autodiff.samediff.SameDiff;

/** Makes SameDiff itself run our graphs: {@code output}, {@code calculateGradients} and DL4J's SameDiff layers. */
public final class Sessions {
    private Sessions() {}

    /**
     * Registers the ops and has every SameDiff graph of this JVM compiled from now on.
     *
     * @param providers who computes the ops, the first that can
     */
    public static void install(List<KernelProvider> providers) {
        GraphOps.register();
        List<KernelProvider> list = List.copyOf(providers);
        SameDiff.bindInferenceFactory(graph -> new CompiledSession(graph, list));
    }
}
