package io.dino4j.graph.kernel.portable;

import io.dino4j.graph.kernel.Kernel;
import io.dino4j.graph.kernel.OpCall;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** BFLOAT16 arrays: an op is computed in FLOAT on copies of them, and what it wrote is rounded to the nearest, ties to even. */
final class Rounding {
    private Rounding() {}

    /** True if an array of the call is BFLOAT16. */
    static boolean concerns(OpCall c) {
        return c.inputs().stream().anyMatch(Rounding::isNarrow)
                || IntStream.range(0, c.outputs().length).anyMatch(i -> isNarrow(c.out(i)));
    }

    private static boolean isNarrow(INDArray a) {
        return a != null && a.dataType() == DataType.BFLOAT16;
    }

    /** The kernel of an op on FLOAT arrays, for a call on BFLOAT16 ones. The copies live as long as one run. */
    static Kernel around(Function<OpCall, Kernel> factory, OpCall c) {
        return () -> {
            List<INDArray> in = IntStream.range(0, c.inputs().size())
                    .mapToObj(i -> widened(c.in(i), c.op().readsInput(i)))
                    .toList();
            INDArray[] out = new INDArray[c.outputs().length];
            for (int i = 0; i < out.length; i++) {
                out[i] = isNarrow(c.out(i))
                        ? Nd4j.create(DataType.FLOAT, c.out(i).shape())
                        : c.out(i);
            }
            try (Kernel kernel = factory.apply(new OpCall(c.op(), in, out, c.context()))) {
                kernel.run();
            }
            for (int i = 0; i < out.length; i++) {
                if (isNarrow(c.out(i))) {
                    c.out(i).assign(out[i]);
                }
            }
        };
    }

    private static INDArray widened(INDArray a, boolean read) {
        if (!isNarrow(a)) {
            return a;
        }
        return read ? a.castTo(DataType.FLOAT) : Nd4j.create(DataType.FLOAT, a.shape());
    }
}
