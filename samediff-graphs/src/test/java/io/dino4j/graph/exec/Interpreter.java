package io.dino4j.graph.exec;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.listeners.BaseListener;
import org.nd4j.autodiff.listeners.Operation;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** SameDiff's own interpreter with the portable kernels, op by op: a listener, which has to see every op, rules plans out. */
public final class Interpreter extends BaseListener {
    private static final Interpreter WATCHER = new Interpreter();

    private Interpreter() {}

    @Override
    public boolean isActive(Operation operation) {
        return true;
    }

    /** Outputs of a graph. */
    public static Map<String, INDArray> output(SameDiff sd, Map<String, INDArray> in, Collection<String> names) {
        Sessions.install(Providers.PORTABLE.list());
        sd.getSessions().clear();
        sd.setListeners(WATCHER);
        Map<String, INDArray> copies = new LinkedHashMap<>();
        sd.output(in, List.copyOf(names)).forEach((n, a) -> copies.put(n, a.dup('c')));
        sd.setListeners();
        sd.getSessions().clear();
        return copies;
    }

    /** Gradients of a graph, whose gradient graph exists. */
    public static Map<String, INDArray> gradients(SameDiff sd, Map<String, INDArray> in, Collection<String> of) {
        Map<String, String> names = new LinkedHashMap<>();
        of.forEach(n -> names.put(n, Gradients.nameOf(sd, n)));
        Map<String, INDArray> found = output(sd.getFunction("grad"), in, names.values());
        Map<String, INDArray> gradients = new LinkedHashMap<>();
        names.forEach((n, g) -> gradients.put(n, found.get(g)));
        return gradients;
    }
}
