package io.dino4j.train;

import io.dino4j.graph.exec.Backend;
import io.dino4j.graph.ssl.SslConfig;
import org.bytedeco.javacpp.IntPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The arrays through which teacher and student meet: both read the same crops, and the teacher writes its targets where the student reads
 * them. They outlive the compiled graphs, which may be compiled anew.
 *
 * @param globalCrops {@code [2 B, 3, S, S]}, of one micro-batch at a time
 * @param clsTargets {@code [2 k B, K]}
 * @param patchTargets {@code [k M, K]}
 */
record Exchange(INDArray globalCrops, INDArray clsTargets, INDArray patchTargets) {
    static Exchange of(SslConfig c, DataType type) {
        return new Exchange(
                Nd4j.zeros(type, c.globalRows(), 3, c.globalSize(), c.globalSize()),
                Nd4j.zeros(type, c.stepGlobalRows(), c.teacher().dinoHead().prototypes()),
                Nd4j.zeros(type, c.stepPatchRows(), c.teacher().patchHead().prototypes()));
    }

    /** Bytes of all three. */
    long bytes() {
        long elements = globalCrops.length() + clsTargets.length() + patchTargets.length();
        return elements * globalCrops.dataType().width();
    }

    /** Bytes of all three in single precision, before they are there. */
    static long bytes(SslConfig c) {
        long elements = 3L * c.globalRows() * c.globalSize() * c.globalSize()
                + (long) c.stepGlobalRows() * c.teacher().dinoHead().prototypes()
                + (long) c.stepPatchRows() * c.teacher().patchHead().prototypes();
        return elements * Float.BYTES;
    }

    /** Writes the start of {@code values} to an INT32 array. */
    static void write(INDArray target, int[] values) {
        if (values.length < target.length()) {
            throw new IllegalArgumentException("expected %d rows, got %d".formatted(target.length(), values.length));
        }
        new IntPointer(target.data().addressPointer()).put(values, 0, (int) target.length());
        Backend.loaded().writtenOnHost(target);
    }
}
