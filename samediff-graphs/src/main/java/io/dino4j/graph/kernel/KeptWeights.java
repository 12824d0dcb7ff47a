package io.dino4j.graph.kernel;

import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Optional;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Which inputs of a plan's kernels are weights that their owner speaks for, and memory for what kernels make of them. Without a word of
 * the owner nothing is kept: every input may have changed at every run.
 */
public final class KeptWeights {
    private final Optional<WeightVersion> version;
    private final Set<INDArray> weights = Collections.newSetFromMap(new IdentityHashMap<>());
    private long bytes;

    /** The weights of one plan. */
    public KeptWeights(Optional<WeightVersion> version, Collection<INDArray> weights) {
        this.version = version;
        this.weights.addAll(weights);
    }

    /** No weight stays. */
    public static KeptWeights none() {
        return new KeptWeights(Optional.empty(), Set.of());
    }

    /** True if the array changes only when {@link #version} does. */
    public boolean contains(INDArray array) {
        return version.isPresent() && weights.contains(array);
    }

    /** A number that grows when weights may have changed; at least 1, and of no meaning where nothing is kept. */
    public long version() {
        return version.map(WeightVersion::number).orElse(1L);
    }

    /** Memory that lives as long as the kernel that holds it. */
    public INDArray allocate(long floats) {
        bytes += floats * Float.BYTES;
        return Nd4j.createUninitialized(DataType.FLOAT, floats);
    }

    /** Bytes allocated. */
    public long bytes() {
        return bytes;
    }
}
