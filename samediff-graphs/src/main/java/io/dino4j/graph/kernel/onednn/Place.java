package io.dino4j.graph.kernel.onednn;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Where a tensor's memory is. */
@FunctionalInterface
interface Place {
    /** The address; it never changes, but that of scratch memory is known only when a program runs. */
    long address();

    /** The memory of an array, which stays alive with the place. */
    static Place of(INDArray array) {
        return () -> array.data().addressPointer().address();
    }
}
