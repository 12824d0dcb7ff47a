package io.dino4j.zoo.weights;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A tensor as a checkpoint describes it: a strided window on a storage. All numbers count elements.
 *
 * @param storage the flat data, which other tensors may share
 * @param offset of the first element in the storage
 * @param shape sizes
 * @param stride distance between neighbours along each dimension; 0 repeats
 */
record TorchTensor(Storage storage, long offset, long[] shape, long[] stride) {
    /** Of ND4J. */
    static final int HIGHEST_RANK = 32;

    /**
     * Flat data of one element type.
     *
     * @param type element type
     * @param length number of elements
     * @param start first byte in the file
     */
    record Storage(DataType type, long length, long start) {}

    /** Number of elements. */
    long length() {
        return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    }

    /** Number of storage elements from the first used to the last. */
    long span() {
        if (length() == 0) {
            return 0;
        }
        long last = 0;
        for (int i = 0; i < shape.length; i++) {
            last = Math.addExact(last, Math.multiplyExact(shape[i] - 1, stride[i]));
        }
        return Math.addExact(last, 1);
    }

    /**
     * Describes it under a name after checking that every element lies in the storage.
     *
     * @param name name of the tensor
     * @param fileSize no tensor may unfold to more bytes than this
     * @throws IllegalArgumentException saying what is wrong
     */
    TensorInfo describe(String name, long fileSize) {
        int width = storage.type().width();
        if (shape.length != stride.length || shape.length > HIGHEST_RANK) {
            throw new IllegalArgumentException(
                    "%d sizes and %d strides; at most %d are possible and there must be as many"
                            .formatted(shape.length, stride.length, HIGHEST_RANK));
        }
        if (offset < 0
                || Arrays.stream(shape).anyMatch(d -> d < 0)
                || Arrays.stream(stride).anyMatch(s -> s < 0)) {
            throw new IllegalArgumentException("shape %s, strides %s or offset %d is negative"
                    .formatted(Arrays.toString(shape), Arrays.toString(stride), offset));
        }
        boolean empty = Arrays.stream(shape).anyMatch(d -> d == 0);
        try {
            long bytes = width;
            for (int i = 0; i < shape.length; i++) {
                bytes = Math.multiplyExact(bytes, Math.max(1, shape[i]));
            }
            if (!empty && bytes > fileSize) {
                throw new IllegalArgumentException("shape %s needs %d bytes, more than the whole file of %d"
                        .formatted(Arrays.toString(shape), bytes, fileSize));
            }
            if (!empty && Math.addExact(offset, span()) > storage.length()) {
                throw new IllegalArgumentException("shape %s with strides %s from element %d leaves its storage of %d"
                        .formatted(Arrays.toString(shape), Arrays.toString(stride), offset, storage.length()));
            }
            long first = empty ? storage.start() : storage.start() + offset * width;
            return new TensorInfo(name, storage.type(), shape.clone(), first, empty ? 0 : bytes);
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException(
                    "shape %s or strides %s are too large".formatted(Arrays.toString(shape), Arrays.toString(stride)),
                    e);
        }
    }
}
