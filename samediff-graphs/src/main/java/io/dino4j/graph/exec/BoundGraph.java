package io.dino4j.graph.exec;

import java.util.Optional;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.array.SingleThreadArrayHolder;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Graphs whose variables have shapes and no memory, because a plan binds them to arrays of the caller. An ordinary graph of SameDiff
 * M2.1 holds every variable twice, and its gradient graph once more.
 */
public final class BoundGraph {
    private BoundGraph() {}

    /** An empty graph. Its variables may be declared with any start value, which is dropped; they read as zeros. */
    public static SameDiff create() {
        SameDiff sd = SameDiff.create();
        sd.setArrayHolders(new ShapesOnly(), sd.getConstantArrays(), false);
        return sd;
    }

    /** The stand-ins of a graph that this class made. */
    static Optional<ShapesOnly> shapes(SameDiff graph) {
        return graph.getVariablesArrays() instanceof ShapesOnly s ? Optional.of(s) : Optional.empty();
    }

    /** Keeps a zero, repeated by strides of zero, in the place of every array. */
    static final class ShapesOnly extends SingleThreadArrayHolder {
        @Override
        public void setArray(String name, INDArray array) {
            INDArray zero = Nd4j.zeros(array.dataType(), 1);
            super.setArray(
                    name, Nd4j.create(zero.data(), array.shape(), new long[array.rank()], 0, 'c', array.dataType()));
            if (array.closeable()) {
                array.close();
            }
        }

        /** Keeps an array as it is. */
        void keep(String name, INDArray array) {
            super.setArray(name, array);
        }
    }
}
