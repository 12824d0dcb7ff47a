package io.dino4j.train.sentinel;

import io.dino4j.graph.exec.Backend;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The rows of a FLOAT matrix in native memory, copied out one at a time. */
final class FloatRows {
    private final FloatPointer source;
    private final int rows;
    private final int columns;

    /**
     * A matrix.
     *
     * @param matrix {@code [R, C]}, rows one after another in memory
     */
    FloatRows(INDArray matrix) {
        boolean dense = matrix.rank() == 2
                && matrix.dataType() == DataType.FLOAT
                && matrix.stride(1) == 1
                && matrix.stride(0) == matrix.size(1);
        if (!dense) {
            throw new IllegalArgumentException(
                    "expected a dense FLOAT matrix, got %s".formatted(matrix.shapeInfoToString()));
        }
        Backend.loaded().toHost(matrix);
        source = new FloatPointer(matrix.data().addressPointer());
        rows = (int) matrix.size(0);
        columns = (int) matrix.size(1);
    }

    int rows() {
        return rows;
    }

    int columns() {
        return columns;
    }

    /** Copies a row into the start of an array. */
    void read(int row, float[] into) {
        source.position((long) row * columns).get(into, 0, columns);
    }
}
