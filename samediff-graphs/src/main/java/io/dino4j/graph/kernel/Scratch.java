package io.dino4j.graph.kernel;

import java.util.function.LongFunction;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Working memory for the time of one kernel run. Kernels run one after the other, so all of a graph share one block, as large as the
 * largest request. Requests are made while kernels are made; the memory exists, and {@link #block} may be called, once the graph is
 * complete: a kernel that needs addresses takes them in its first run.
 */
public final class Scratch {
    private static final int ALIGN = 64;

    private final LongFunction<INDArray> memory;
    private final boolean own;
    private long bytes;
    private INDArray block;

    /** Memory of its own. */
    public Scratch() {
        this(n -> Nd4j.createUninitialized(DataType.FLOAT, n), true);
    }

    /** In a block of at least so many floats that {@code memory} gives, and may give others at other times. */
    public Scratch(LongFunction<INDArray> memory) {
        this(memory, false);
    }

    private Scratch(LongFunction<INDArray> memory, boolean own) {
        this.memory = memory;
        this.own = own;
    }

    /** Asks for room for {@code bytes} bytes; called while a kernel is made. */
    public void reserve(long bytes) {
        if (block != null) {
            throw new IllegalStateException("scratch memory is reserved while kernels are made, not afterwards");
        }
        this.bytes = Math.max(this.bytes, bytes);
    }

    /** The whole block, at least as many floats as any request needs; the same array every time. Content is undefined. */
    public INDArray block() {
        if (block == null) {
            block = memory.apply(Math.max(1, (bytes + ALIGN) / Float.BYTES));
        }
        return block;
    }

    /** Bytes reserved in memory of its own. */
    public long bytes() {
        return own ? bytes : 0;
    }
}
