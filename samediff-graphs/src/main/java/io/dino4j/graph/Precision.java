package io.dino4j.graph;

import org.nd4j.linalg.api.buffer.DataType;

/**
 * The number formats of a network. Parameters, their gradients, statistics and losses have one type, activations and their gradients
 * another; matrix products multiply in the type of the activations and add up in that of the parameters.
 */
public enum Precision {
    /** 32-bit numbers throughout. */
    F32(DataType.FLOAT, DataType.FLOAT),
    /** Activations of 16 bits (8 of them exponent, as in 32 bits), everything that is summed or trained of 32. */
    BF16(DataType.FLOAT, DataType.BFLOAT16),
    /** 64-bit numbers throughout, to check the others. */
    F64(DataType.DOUBLE, DataType.DOUBLE);

    private final DataType parameters;
    private final DataType activations;

    Precision(DataType parameters, DataType activations) {
        this.parameters = parameters;
        this.activations = activations;
    }

    /** The precision that has one type throughout. */
    public static Precision of(DataType type) {
        return type == DataType.DOUBLE ? F64 : F32;
    }

    /** The type of parameters, their gradients, images, statistics and losses. */
    public DataType parameters() {
        return parameters;
    }

    /** The type of what layers pass on to each other, and of its gradients. */
    public DataType activations() {
        return activations;
    }

    /** True if activations are stored in a smaller type than parameters. */
    public boolean isMixed() {
        return parameters != activations;
    }
}
