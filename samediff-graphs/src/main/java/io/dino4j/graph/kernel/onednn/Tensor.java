package io.dino4j.graph.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;

import java.util.Arrays;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A strided view of memory, which oneDNN reads and writes as it is: no transposition or slice is ever copied.
 *
 * @param place the memory
 * @param offset elements from its start
 * @param type oneDNN's number of the element type
 * @param dims sizes
 * @param strides elements from one index to the next, for every dimension
 * @param packed oneDNN's own layout, which strides cannot say; null for a strided tensor
 */
record Tensor(Place place, long offset, int type, long[] dims, long[] strides, dnnl_memory_desc packed) {
    Tensor(Place place, long offset, int type, long[] dims, long[] strides) {
        this(place, offset, type, dims, strides, null);
    }

    /** The same memory as a matrix in a layout of oneDNN's own. */
    Tensor as(dnnl_memory_desc layout, long... newDims) {
        return new Tensor(place, offset, type, newDims, null, layout);
    }

    /** A contiguous tensor of floats. */
    static Tensor dense(Place place, long offset, long... dims) {
        return dense(place, offset, dnnl_f32, dims);
    }

    /** A contiguous tensor of a type. */
    static Tensor dense(Place place, long offset, int type, long[] dims) {
        return new Tensor(place, offset, type, dims, contiguous(dims));
    }

    /** An array, seen as a matrix of {@code rows} rows. */
    static Tensor matrix(INDArray a, long rows) {
        long[] dims = {rows, rows == 0 ? 0 : a.length() / rows};
        return dense(Place.of(a), 0, a.dataType() == DataType.BFLOAT16 ? dnnl_bf16 : dnnl_f32, dims);
    }

    private static long[] contiguous(long[] dims) {
        long[] strides = new long[dims.length];
        long s = 1;
        for (int i = dims.length - 1; i >= 0; i--) {
            strides[i] = s;
            s *= dims[i];
        }
        return strides;
    }

    /** True for bfloat16. */
    boolean isNarrow() {
        return type == dnnl_bf16;
    }

    /** Bytes of an element. */
    static int bytes(int type) {
        return type == dnnl_bf16 ? Short.BYTES : Float.BYTES;
    }

    /** Bytes from the start of the place. */
    long byteOffset() {
        return offset * bytes(type);
    }

    long rows() {
        return dims[0];
    }

    long columns() {
        return dims[1];
    }

    long length() {
        return Arrays.stream(dims).reduce(1, (a, b) -> a * b);
    }

    /** The matrix with its dimensions exchanged. */
    Tensor transposed() {
        return new Tensor(place, offset, type, new long[] {dims[1], dims[0]}, new long[] {strides[1], strides[0]});
    }

    /** Rows {@code from} to {@code from + n} of a matrix. */
    Tensor rows(long from, long n) {
        return view(from * strides[0], new long[] {n, dims[1]}, strides);
    }

    /** The same memory from element {@code start} on, with other sizes and strides. */
    Tensor view(long start, long[] newDims, long[] newStrides) {
        return new Tensor(place, offset + start, type, newDims, newStrides);
    }

    /** A contiguous tensor with other sizes. */
    Tensor reshape(long... newDims) {
        return view(0, newDims, contiguous(newDims));
    }

    /** All that a primitive depends on: the same text, the same primitive. */
    String layout() {
        String order = packed == null ? Arrays.toString(strides) : "packed" + packed.address();
        return type + Arrays.toString(dims) + order;
    }
}
