package io.dino4j.graph.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;

/** How matrices of bfloat16 are multiplied. Sums are floats either way. */
enum MixedProducts {
    /** By the processor's own bfloat16 instructions: weights are rounded when they are packed. */
    NATIVE(dnnl_bf16),
    /** As floats, in tiles of rows that are converted in cache. Without the instructions oneDNN is five times slower. */
    WIDENED(dnnl_f32);

    private final int operands;

    MixedProducts(int operands) {
        this.operands = operands;
    }

    /** oneDNN's number of the type that operands must have. */
    int operands() {
        return operands;
    }

    /** The fast way on this processor. */
    static MixedProducts ofThisMachine() {
        return Dnnl.multipliesBfloat16() ? NATIVE : WIDENED;
    }
}
