package io.dino4j.graph.kernel.portable;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/** The vocabulary of the kernels: views, and matrix operations by rows. "Row" and "column" are of a matrix in C order. */
final class Algebra {
    /** Elements in the largest matrix that a kernel which works in tiles holds at a time. */
    static final long TILE = 1L << 22;

    private Algebra() {}

    /** The same memory in another shape. Unlike {@code reshape} it is never a copy, so it may be written. */
    static INDArray as(INDArray x, long... shape) {
        return Nd4j.create(x.data(), shape, Nd4j.getStrides(shape, 'c'), x.offset(), 'c');
    }

    /** A view as {@code [rows, columns]}: the first dimension against all others. */
    static INDArray matrix(INDArray x) {
        return as(x, x.size(0), x.length() / x.size(0));
    }

    /** A view as {@code [1, n]}, to be combined with every row of a matrix. */
    static INDArray row(INDArray x) {
        return as(x, 1, x.length());
    }

    /** A view as {@code [n, 1]}, to be combined with every column of a matrix. */
    static INDArray column(INDArray x) {
        return as(x, x.length(), 1);
    }

    /** A view of {@code count} rows of a matrix. */
    static INDArray rows(INDArray x, long from, long count) {
        long d = x.size(1);
        return Nd4j.create(x.data(), new long[] {count, d}, new long[] {d, 1}, x.offset() + from * d, 'c');
    }

    /** A copy of {@code count} columns of a matrix. */
    static INDArray columns(INDArray x, long from, long count) {
        return columnsView(x, from, count).dup('c');
    }

    /** A view of {@code count} columns of a matrix. */
    static INDArray columnsView(INDArray x, long from, long count) {
        long[] shape = {x.size(0), count};
        return Nd4j.create(x.data(), shape, new long[] {x.size(1), 1}, x.offset() + from, 'c');
    }

    /** {@code a b^T}. */
    static INDArray timesTransposed(INDArray a, INDArray b) {
        return Nd4j.matmul(a, b, false, true, false);
    }

    /** {@code a^T b}. */
    static INDArray transposedTimes(INDArray a, INDArray b) {
        return Nd4j.matmul(a, b, true, false, false);
    }

    /** {@code a b}. */
    static INDArray times(INDArray a, INDArray b) {
        return Nd4j.matmul(a, b, false, false, false);
    }

    /** Sum of each row, {@code [R, 1]}. */
    static INDArray rowSums(INDArray x) {
        return x.sum(true, 1);
    }

    /** Sum of each column, {@code [1, D]}. */
    static INDArray columnSums(INDArray x) {
        return x.sum(true, 0);
    }

    /** Dot product of each row of {@code a} with that of {@code b}, {@code [R, 1]}. */
    static INDArray rowDots(INDArray a, INDArray b) {
        return rowSums(a.mul(b));
    }

    /** Length of each row, {@code [R, 1]}. */
    static INDArray rowNorms(INDArray x) {
        return x.norm2(true, 1);
    }

    static INDArray exp(INDArray x) {
        return Transforms.exp(x, true);
    }

    /** {@code x}, but 1 where it is 0: a divisor for what is 0 itself. */
    static INDArray orOne(INDArray x) {
        return x.add(x.eq(0).castTo(x.dataType()));
    }

    /** Rows {@code index[i]} of {@code x}, into {@code y}. */
    static void gather(INDArray x, INDArray index, INDArray y) {
        requireRows(index, x.size(0));
        Nd4j.exec(DynamicCustomOp.builder("gather")
                .addInputs(x, index)
                .addIntegerArguments(0)
                .addOutputs(y)
                .build());
    }

    /** Rows {@code index[i]} of {@code x}. */
    static INDArray gather(INDArray x, INDArray index) {
        INDArray y = Nd4j.create(x.dataType(), index.length(), x.size(1));
        gather(x, index, y);
        return y;
    }

    /** Adds row {@code i} of {@code x} to row {@code index[i]} of {@code y}; rows may repeat. */
    static void scatterAdd(INDArray y, INDArray index, INDArray x) {
        requireRows(index, y.size(0));
        // true: one thread, or rows that repeat are added to by several threads at once and additions get lost
        Nd4j.exec(DynamicCustomOp.builder("scatter_add")
                .addInputs(y, index, x)
                .addBooleanArguments(true)
                .addOutputs(y)
                .build());
    }

    /** Fails unless all are row numbers: ND4J would read and write other memory. */
    private static void requireRows(INDArray index, long rows) {
        int min = index.minNumber().intValue();
        int max = index.maxNumber().intValue();
        if (min < 0 || max >= rows) {
            throw new IndexOutOfBoundsException("row numbers from %d to %d of %d rows".formatted(min, max, rows));
        }
    }

    /** A copy of the row numbers as an array of the type that gather and scatter want. */
    static INDArray index(int... rows) {
        return Nd4j.createFromArray(rows).castTo(DataType.INT32);
    }
}
