package io.dino4j.graph.kernel.onednn;

import io.dino4j.graph.Precision;
import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.kernel.KeptWeights;
import io.dino4j.graph.kernel.KernelContext;
import io.dino4j.graph.kernel.OpCall;
import io.dino4j.graph.kernel.Scratch;
import io.dino4j.graph.kernel.WeightVersion;
import io.dino4j.graph.op.Linear;
import java.util.List;
import java.util.Optional;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What the machine can do: the fastest matrix product in a precision, to hold the speed of a network against. */
public final class GemmPeak {
    /** {@code T, I, O}: a feed-forward layer of ViT-S at batch 8, and two squares. */
    private static final long[][] SHAPES = {{2056, 384, 1536}, {1024, 1024, 1024}, {2048, 2048, 2048}};

    private static final int ROUNDS = 12;

    private GemmPeak() {}

    /** GFLOP/s of the fastest product of 32-bit numbers, the best of several shapes and rounds; takes about a second. */
    public static double measure() {
        return measure(DataType.FLOAT);
    }

    /**
     * GFLOP/s of the fastest product of activations and weights, the latter packed beforehand. Without instructions for 16-bit numbers
     * it is that of 32-bit numbers, which those can be widened to.
     */
    public static double measure(Precision precision) {
        double wide = measure();
        return precision.isMixed() ? Math.max(wide, measure(precision.activations())) : wide;
    }

    private static double measure(DataType activations) {
        double best = 0;
        for (long[] shape : SHAPES) {
            best = Math.max(best, measure(activations, shape[0], shape[1], shape[2]));
        }
        return best;
    }

    private static double measure(DataType activations, long rows, long in, long out) {
        Linear op = new Linear();
        op.addIArgument(0, 0, 0, 0);
        try (INDArray x = Nd4j.ones(activations, rows, in);
                INDArray w = Nd4j.ones(DataType.FLOAT, out, in);
                INDArray y = Nd4j.create(activations, rows, out);
                Program program = new Program(new OpCall(op, List.of(x, w), new INDArray[] {y}, keeping(w)))) {
            LinearKernels.forward(program);
            program.ready().run();
            return 2.0 * rows * in * out / program.leastNanos(ROUNDS);
        }
    }

    private static KernelContext keeping(INDArray weight) {
        KeptWeights packedOnce = new KeptWeights(Optional.of(new WeightVersion()), List.of(weight));
        return new KernelContext(Collective.ALONE, new Scratch(), packedOnce);
    }
}
