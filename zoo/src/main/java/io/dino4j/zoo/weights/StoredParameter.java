package io.dino4j.zoo.weights;

import java.util.Arrays;
import java.util.List;

/**
 * How files of one naming scheme hold an official parameter: some leading elements are left out, the others are the elements of one or
 * more tensors, one after another. All are in C order, so that stacking along the first dimension is following each other.
 *
 * @param name official name, without sub-network
 * @param shape official shape
 * @param absent leading elements that the file has not; they are read as 0
 * @param parts the tensors
 */
record StoredParameter(String name, long[] shape, long absent, List<Part> parts) {
    /**
     * A tensor of a file.
     *
     * @param name its name in the scheme
     * @param shape its shape
     */
    record Part(String name, long[] shape) {
        /** Number of elements. */
        long length() {
            return product(shape);
        }
    }

    /** A parameter that the file holds as it is, under another name. */
    static StoredParameter whole(String name, long[] shape, String as) {
        return new StoredParameter(name, shape, 0, List.of(new Part(as, shape)));
    }

    /** Number of official elements. */
    long length() {
        return product(shape);
    }

    /** True if the file holds it in its official shape. */
    boolean isWhole() {
        return parts.size() == 1 && absent == 0;
    }

    private static long product(long[] shape) {
        return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    }
}
