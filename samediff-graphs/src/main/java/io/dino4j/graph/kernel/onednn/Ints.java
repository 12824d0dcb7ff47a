package io.dino4j.graph.kernel.onednn;

import java.nio.IntBuffer;
import org.bytedeco.javacpp.IntPointer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** An INT32 array as Java code sees it. */
final class Ints {
    private final INDArray array;
    private final int[] values;
    private IntBuffer buffer;

    private Ints(INDArray array) {
        this.array = array;
        this.values = new int[(int) array.length()];
    }

    static Ints of(INDArray array) {
        return new Ints(array);
    }

    /** What the array holds now; the same Java array every time. */
    int[] read() {
        buffer().get(0, values);
        return values;
    }

    /** The Java array that {@link #read} fills. */
    int[] values() {
        return values;
    }

    /** What a scalar holds now. */
    int scalar() {
        return buffer().get(0);
    }

    void write(int[] from) {
        buffer().put(0, from);
    }

    private IntBuffer buffer() {
        if (buffer == null) {
            long address = array.data().addressPointer().address();
            buffer = new IntPointer(Dnnl.at(address)).capacity(values.length).asBuffer();
        }
        return buffer;
    }
}
