package io.dino4j.graph.exec;

import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.kernel.Kernel;
import io.dino4j.graph.kernel.KernelContext;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.kernel.OpCall;
import io.dino4j.graph.kernel.Scratch;
import io.dino4j.graph.op.GraphOp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.autodiff.listeners.At;
import org.nd4j.autodiff.listeners.Listener;
import org.nd4j.autodiff.listeners.debugging.ControlflowListener;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.config.ExecutionResult;
import org.nd4j.autodiff.samediff.config.SDValue;
import org.nd4j.autodiff.samediff.internal.FrameIter;
import org.nd4j.autodiff.samediff.internal.InferenceSession;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * SameDiff's session, with static graphs compiled into {@link Plan plans}, one for each combination of outputs and input shapes. A graph
 * with control flow runs in the stock interpreter, which gets our ops' kernels one by one.
 */
final class CompiledSession extends InferenceSession {
    /** Plans kept; each holds memory for all its intermediate arrays. */
    private static final int MAX_PLANS = 4;

    private static final int MAX_INTERPRETED = 1000;

    private final List<KernelProvider> providers;
    private final Map<String, Plan> plans = new LinkedHashMap<>(8, 0.75f, true);
    /** Keys of what cannot be compiled. */
    private final Set<String> interpreted = new HashSet<>();

    CompiledSession(SameDiff graph, List<KernelProvider> providers) {
        super(graph);
        this.providers = providers;
    }

    @Override
    public ExecutionResult output(
            List<String> variables,
            Map<String, INDArray> placeholders,
            Map<String, SDValue> otherPlaceholders,
            MultiDataSet batch,
            Collection<String> requiredActivations,
            List<Listener> listeners,
            At at) {
        boolean watched = listeners != null && listeners.stream().anyMatch(l -> !(l instanceof ControlflowListener));
        boolean values = otherPlaceholders != null && !otherPlaceholders.isEmpty();
        String key = key(variables, placeholders == null ? Map.of() : placeholders);
        if (!watched && !values && !variables.isEmpty() && !interpreted.contains(key)) {
            MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces();
            try {
                return run(key, variables, preprocessPlaceholders(placeholders, at == null ? At.defaultAt() : at));
            } catch (UnsupportedGraphException e) {
                if (interpreted.size() >= MAX_INTERPRETED) {
                    interpreted.clear();
                }
                interpreted.add(key);
            } finally {
                outside.close();
            }
        }
        // or the end of a branch takes what the other branch left in an earlier run
        nodeValueOutputs.clear();
        return super.output(variables, placeholders, otherPlaceholders, batch, requiredActivations, listeners, at);
    }

    private ExecutionResult run(String key, List<String> variables, Map<String, INDArray> placeholders) {
        Map<String, INDArray> given = placeholders == null ? Map.of() : placeholders;
        Plan plan = plan(key, variables, given);
        for (String name : plan.inputNames()) {
            plan.input(name).assign(given.get(name));
        }
        plan.run();
        INDArray[] results = variables.stream().map(v -> copy(plan.output(v))).toArray(INDArray[]::new);
        return ExecutionResult.createFrom(variables, results);
    }

    /** A copy where the caller wants it, which may be a workspace. */
    private INDArray copy(INDArray a) {
        return getMmgr().allocate(true, a.dataType(), a.shape()).assign(a);
    }

    /** What a plan depends on. */
    private String key(List<String> variables, Map<String, INDArray> given) {
        StringBuilder key = new StringBuilder().append(sameDiff.getOps().size()).append(variables);
        new TreeMap<>(given)
                .forEach((name, a) -> key.append(name).append(a.dataType()).append(Arrays.toString(a.shape())));
        return key.toString();
    }

    private Plan plan(String key, List<String> variables, Map<String, INDArray> given) {
        Plan known = plans.get(key);
        if (known != null && isCurrent(known)) {
            return known;
        }
        if (known != null) {
            plans.remove(key).close();
        }
        requireAll(variables, given);
        if (plans.size() >= MAX_PLANS) {
            String eldest = plans.keySet().iterator().next();
            plans.remove(eldest).close();
        }
        Plan made = Plan.compile(sameDiff, variables, given, Bindings.NONE, providers, Collective.ALONE);
        plans.put(key, made);
        return made;
    }

    private void requireAll(List<String> variables, Map<String, INDArray> given) {
        Set<String> missing = OpOrder.placeholders(sameDiff, variables);
        missing.removeAll(given.keySet());
        if (!missing.isEmpty()) {
            throw new IllegalArgumentException("no arrays are given for the placeholders " + missing);
        }
    }

    /** False once a variable or constant was given another array. */
    private boolean isCurrent(Plan plan) {
        for (Map.Entry<String, INDArray> e : plan.variables().entrySet()) {
            if (sameDiff.getArrForVarName(e.getKey()) != e.getValue()) {
                return false;
            }
        }
        return true;
    }

    @Override
    public ExecutionResult doExec(
            DifferentialFunction op,
            OpContext context,
            FrameIter frame,
            Set<VarId> opInputs,
            Set<VarId> allIterInputs,
            Set<String> constAndPhInputs,
            Map<String, SDValue> otherPlaceholders) {
        if (!(op instanceof GraphOp g)) {
            return super.doExec(op, context, frame, opInputs, allIterInputs, constAndPhInputs, otherPlaceholders);
        }
        List<INDArray> in = new ArrayList<>();
        for (INDArray a : context.getInputArrays()) {
            in.add(a.dup('c'));
        }
        INDArray[] out = new INDArray[op.outputVariablesNames().length];
        for (int i = 0; i < out.length; i++) {
            INDArray target = context.getOutputArray(i);
            GraphOp.Alias alias = g.alias(i);
            if (alias == null) {
                out[i] = target;
            } else {
                INDArray host = in.get(alias.input());
                target.assign(host.get(NDArrayIndex.interval(alias.row(), alias.row() + target.size(0))));
            }
        }
        OpCall call = new OpCall(g, in, out, new KernelContext(Collective.ALONE, new Scratch()));
        Optional<Kernel> kernel =
                providers.stream().flatMap(p -> p.kernel(call).stream()).findFirst();
        try (Kernel k = kernel.orElseThrow(() -> new IllegalStateException("no kernel for op " + g.opName()))) {
            k.run();
        }
        return ExecutionResult.createFrom(op, context);
    }
}
