package io.dino4j.graph.exec;

import java.util.EnumMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Memory that plans use in turn (see {@link PlanOptions#workingIn}): what a plan needs only while it runs. What outlasts a run, its
 * placeholders and outputs, stays its own. Plans that share it must not run at the same time.
 *
 * <p>There is one block for each data type, and one for the scratch memory of kernels. A plan that needs a larger block takes a new one,
 * which later plans use too; so the largest plan is compiled first. The memory is free when this object and all plans are.
 */
public final class WorkingMemory {
    private final Map<DataType, INDArray> arenas = new EnumMap<>(DataType.class);
    private INDArray scratch;
    private long bytes;

    /** Takes nothing yet. */
    public WorkingMemory() {}

    /** At least {@code length} elements for intermediate arrays; content is undefined. */
    INDArray arena(DataType type, long length) {
        INDArray block = atLeast(arenas.get(type), type, length);
        arenas.put(type, block);
        return block;
    }

    /** At least this many floats for the time of one kernel run; content is undefined. */
    INDArray scratch(long floats) {
        scratch = atLeast(scratch, DataType.FLOAT, floats);
        return scratch;
    }

    private INDArray atLeast(INDArray block, DataType type, long length) {
        if (block != null && block.length() >= length) {
            return block;
        }
        bytes += length * type.width();
        return Nd4j.createUninitialized(type, length);
    }

    /** Bytes of all blocks taken so far. */
    public long bytes() {
        return bytes;
    }
}
