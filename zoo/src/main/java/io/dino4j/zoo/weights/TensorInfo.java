package io.dino4j.zoo.weights;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * One tensor of a file.
 *
 * @param name its name
 * @param type element type
 * @param shape shape in C order; empty for a scalar
 * @param offset first byte in the file
 * @param bytes length in bytes
 */
public record TensorInfo(String name, DataType type, long[] shape, long offset, long bytes) {
    /** Number of elements. */
    public long length() {
        return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    }

    @Override
    public String toString() {
        return name + " " + type + Arrays.toString(shape);
    }
}
