package io.dino4j.graph.exec;

import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.kernel.KeptWeights;
import io.dino4j.graph.kernel.Kernel;
import io.dino4j.graph.kernel.KernelContext;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.kernel.OpCall;
import io.dino4j.graph.kernel.Scratch;
import io.dino4j.graph.op.Cost;
import io.dino4j.graph.op.GraphOp;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A static graph made ready to run for fixed input shapes: ops in order, every array in its place, every kernel made. Running it is a
 * loop over kernels: no interpreter, no allocation, nothing for the garbage collector. A plan serves one thread at a time.
 */
public final class Plan implements AutoCloseable {
    private final List<Step> steps;
    private final Map<String, INDArray> inputs;
    private final Map<String, INDArray> outputs;
    private final Map<String, INDArray> variables;
    private final long arenaBytes;
    private final Scratch scratch;
    private final KeptWeights weights;
    private List<List<String>> finished =
            List.of(); // outputs that are done after each step, found when first asked for
    private boolean closed;

    /** One op of the plan with the arrays it reads and writes, or a copy from or to an array that it cannot work on in place. */
    record Step(String opName, Cost cost, Kernel kernel, List<INDArray> reads, List<INDArray> writes) {}

    private Plan(
            List<Step> steps,
            Map<String, INDArray> inputs,
            Map<String, INDArray> outputs,
            Map<String, INDArray> variables,
            long arenaBytes,
            Scratch scratch,
            KeptWeights weights) {
        this.steps = steps;
        this.inputs = inputs;
        this.outputs = outputs;
        this.variables = variables;
        this.arenaBytes = arenaBytes;
        this.scratch = scratch;
        this.weights = weights;
    }

    /**
     * Compiles the part of a graph that the outputs need.
     *
     * @param graph a graph without control flow
     * @param outputs names of the variables wanted
     * @param inputs an array of the right shape and type for every placeholder whose own shape leaves something open; the values do
     *     not matter
     * @param bindings arrays to work on in place
     * @param providers who computes the ops, the first that can
     * @param collective the workers that targets are balanced over
     * @throws IllegalArgumentException if shapes do not fit, an array is missing, or an op has no kernel or no static shape
     */
    public static Plan compile(
            SameDiff graph,
            List<String> outputs,
            Map<String, INDArray> inputs,
            Bindings bindings,
            List<KernelProvider> providers,
            Collective collective) {
        return compile(graph, outputs, inputs, bindings, new PlanOptions(providers, collective));
    }

    /**
     * Compiles the part of a graph that the outputs need.
     *
     * @param graph a graph without control flow
     * @param outputs names of the variables wanted
     * @param inputs an array of the right shape and type for every placeholder whose own shape leaves something open; the values do
     *     not matter
     * @param bindings arrays to work on in place
     * @param options how
     * @throws IllegalArgumentException if shapes do not fit, an array is missing, a checkpoint is not among what the outputs need,
     *     or an op has no kernel or no static shape
     */
    public static Plan compile(
            SameDiff graph,
            List<String> outputs,
            Map<String, INDArray> inputs,
            Bindings bindings,
            PlanOptions options) {
        // what is allocated here outlives any workspace of the caller
        MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces();
        try {
            Trace trace = Trace.of(graph, outputs, inputs, bindings, options.checkpoints(), Set.of());
            long arenaBytes = trace.bind(options.memory());
            Scratch scratch = options.memory().map(m -> new Scratch(m::scratch)).orElseGet(Scratch::new);
            KeptWeights weights = new KeptWeights(bindings.weights(), trace.weights());
            KernelContext context = new KernelContext(options.collective(), scratch, weights);
            List<Step> steps = steps(trace, options.providers(), context);
            scratch.block();
            return new Plan(
                    steps, trace.inputs(), trace.outputs(outputs), trace.variables(), arenaBytes, scratch, weights);
        } finally {
            outside.close();
        }
    }

    /**
     * What a plan would need, found without taking the memory. Variables need arrays for their shapes only: those that a graph has
     * of its own accord will do.
     *
     * @param graph a graph without control flow
     * @param outputs names of the variables wanted
     * @param inputs as in {@link #compile}
     * @param outside names of the placeholders and outputs that would be bound to arrays of the caller
     * @param checkpoints as in {@link PlanOptions}
     * @throws IllegalArgumentException if shapes do not fit, an array is missing, or an op has no static shape
     */
    public static PlanSize measure(
            SameDiff graph,
            List<String> outputs,
            Map<String, INDArray> inputs,
            Set<String> outside,
            List<String> checkpoints) {
        Trace trace = Trace.of(graph, outputs, inputs, Bindings.NONE, checkpoints, outside);
        return trace.size();
    }

    private static List<Step> steps(Trace trace, List<KernelProvider> providers, KernelContext context) {
        List<Step> steps = new ArrayList<>();
        try {
            trace.refreshes().forEach(c -> steps.add(copy(c)));
            for (Trace.Call call : trace.calls()) {
                Kernel kernel = call.op() instanceof GraphOp op
                        ? kernel(new OpCall(op, call.inputs(), call.outputs(), context), providers)
                        : new StockKernel(call.op(), call.inputs(), call.outputs());
                steps.add(new Step(
                        call.op().opName(),
                        call.cost(),
                        kernel,
                        call.inputs(),
                        Stream.of(call.outputs()).filter(Objects::nonNull).toList()));
            }
            trace.copies().forEach(c -> steps.add(copy(c)));
            return steps;
        } catch (RuntimeException e) {
            steps.forEach(s -> s.kernel().close());
            throw e;
        }
    }

    private static Step copy(Trace.Copy c) {
        Cost cost = new Cost(0, 2.0 * c.to().length() * c.to().dataType().width());
        return new Step("copy", cost, () -> c.to().assign(c.from()), List.of(c.from()), List.of(c.to()));
    }

    private static Kernel kernel(OpCall call, List<KernelProvider> providers) {
        for (KernelProvider p : providers) {
            var kernel = p.kernel(call);
            if (kernel.isPresent()) {
                return kernel.get();
            }
        }
        throw new IllegalArgumentException("no provider of %s has a kernel for op %s on %s"
                .formatted(
                        providers.stream().map(KernelProvider::name).toList(),
                        call.op().opName(),
                        call.in(0).dataType()));
    }

    /**
     * The array that a placeholder is read from: write the data of the next run into it.
     *
     * @throws IllegalArgumentException if the plan does not read this placeholder
     */
    public INDArray input(String name) {
        INDArray a = inputs.get(name);
        if (a == null) {
            throw new IllegalArgumentException(
                    "the plan reads no placeholder '%s', only %s".formatted(name, inputs.keySet()));
        }
        return a;
    }

    /** True if the plan reads this placeholder. */
    public boolean reads(String name) {
        return inputs.containsKey(name);
    }

    /** The placeholders that the plan reads. */
    public List<String> inputNames() {
        return List.copyOf(inputs.keySet());
    }

    /** The array that holds an output after a run, until the next. */
    public INDArray output(String name) {
        INDArray a = outputs.get(name);
        if (a == null) {
            throw new IllegalArgumentException(
                    "the plan has no output '%s', only %s".formatted(name, outputs.keySet()));
        }
        return a;
    }

    /** The arrays of the graph's VARIABLEs that the plan reads, by name. */
    Map<String, INDArray> variables() {
        return variables;
    }

    /** Runs every op once. */
    public void run() {
        run(0, steps.size());
    }

    /**
     * Runs every op once, and tells of each output as soon as no op will write to it any more: what is done with it may overlap with the ops
     * that are left if it is done elsewhere.
     *
     * @param done given the name of an output
     */
    public void run(Consumer<String> done) {
        requireOpen();
        if (finished.isEmpty()) {
            finished = finished();
        }
        for (int i = 0; i < steps.size(); i++) {
            steps.get(i).kernel().run();
            finished.get(i).forEach(done);
        }
    }

    private List<List<String>> finished() {
        List<List<String>> after = new ArrayList<>();
        steps.forEach(s -> after.add(new ArrayList<>()));
        outputs.forEach((name, array) -> {
            int last = steps.size() - 1;
            while (last > 0 && steps.get(last).writes().stream().noneMatch(a -> Leaves.overlap(a, array))) {
                last--;
            }
            after.get(last).add(name);
        });
        return after;
    }

    /**
     * The first half of a run that waits for a placeholder: every op before the first that reads it, such as the forward pass of a
     * gradient graph whose upstream gradient is not known yet. Outputs made by then may be read; {@link #runFrom} does the rest.
     *
     * @throws IllegalArgumentException if the plan does not read this placeholder
     */
    public void runUntil(String placeholder) {
        run(0, firstReader(placeholder));
    }

    /**
     * The second half of a run, after {@link #runUntil} and after the placeholder was written.
     *
     * @throws IllegalArgumentException if the plan does not read this placeholder
     */
    public void runFrom(String placeholder) {
        run(firstReader(placeholder), steps.size());
    }

    private void run(int from, int to) {
        requireOpen();
        for (int i = from; i < to; i++) {
            steps.get(i).kernel().run();
        }
    }

    private int firstReader(String placeholder) {
        INDArray array = input(placeholder);
        for (int i = 0; i < steps.size(); i++) {
            if (steps.get(i).reads().stream().anyMatch(a -> Leaves.overlap(a, array))) {
                return i;
            }
        }
        throw new IllegalArgumentException("no op reads the placeholder '%s'".formatted(placeholder));
    }

    /**
     * Runs every op once and measures each.
     *
     * @return one entry for every op, in order
     */
    public List<OpTime> profile() {
        requireOpen();
        List<OpTime> times = new ArrayList<>(steps.size());
        for (Step s : steps) {
            long start = System.nanoTime();
            s.kernel().run();
            times.add(new OpTime(s.opName(), s.cost(), System.nanoTime() - start));
        }
        return times;
    }

    /** What all ops cost at least. */
    public Cost cost() {
        return steps.stream().map(Step::cost).reduce(Cost.NONE, Cost::plus);
    }

    /** Number of ops. */
    public int size() {
        return steps.size();
    }

    /** Bytes of intermediate arrays, scratch and copies of weights, without those of a {@link WorkingMemory}. */
    public long bytes() {
        return arenaBytes + scratch.bytes() + weights.bytes();
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the plan is closed");
        }
    }

    /** Releases the kernels; arrays of the plan stay valid as long as somebody holds them. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            steps.forEach(s -> s.kernel().close());
        }
    }
}
