package io.dino4j.graph.exec;

import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.kernel.KernelProvider;
import java.util.List;
import java.util.Optional;

/**
 * How a graph is compiled.
 *
 * @param providers who computes the ops, the first that can
 * @param collective the workers that targets are balanced over
 * @param checkpoints names of values to recompute from, in the order they are made, such as the tokens between the blocks of a
 *     network: what lies before and between them is not kept for the gradients but made again when they need it. Results are the
 *     same bits; memory shrinks to the checkpoints and about one block, time grows by about a forward pass. Empty to keep
 *     everything.
 * @param memory memory to use in turn with other plans; empty for memory of its own
 */
public record PlanOptions(
        List<KernelProvider> providers,
        Collective collective,
        List<String> checkpoints,
        Optional<WorkingMemory> memory) {
    /** Keeps everything, in memory of its own. */
    public PlanOptions(List<KernelProvider> providers, Collective collective) {
        this(providers, collective, List.of(), Optional.empty());
    }

    /** The same, recomputing from these values. */
    public PlanOptions recomputingFrom(List<String> names) {
        return new PlanOptions(providers, collective, List.copyOf(names), memory);
    }

    /** The same, in memory that other plans use too. */
    public PlanOptions workingIn(WorkingMemory shared) {
        return new PlanOptions(providers, collective, checkpoints, Optional.of(shared));
    }
}
