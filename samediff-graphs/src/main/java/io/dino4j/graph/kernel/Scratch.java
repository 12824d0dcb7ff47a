package io.dino4j.graph.kernel;

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

    private long bytes;
    private INDArray block;

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
            block = Nd4j.createUninitialized(DataType.FLOAT, Math.max(1, (bytes + ALIGN) / Float.BYTES));
        }
        return block;
    }

    /** Bytes reserved. */
    public long bytes() {
        return bytes;
    }
}
