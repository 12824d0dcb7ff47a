package io.dino4j.graph.kernel.onednn;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Where a tensor's memory is. */
@FunctionalInterface
interface Place {
    /** The address; it never changes, but that of scratch memory is known only when a program runs. */
    long address();

    /** True if this is the memory of the array itself. */
    default boolean isOf(INDArray array) {
        return false;
    }

    /** The memory of an array, which stays alive with the place. */
    static Place of(INDArray array) {
        return new OfArray(array);
    }

    /** Memory that an array owns. */
    record OfArray(INDArray array) implements Place {
        @Override
        public long address() {
            return array.data().addressPointer().address();
        }

        @Override
        public boolean isOf(INDArray other) {
            return other == array;
        }
    }
}
