package io.dino4j.graph.kernel.onednn;

import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.kernel.KernelContext;
import io.dino4j.graph.kernel.OpCall;
import io.dino4j.graph.kernel.Scratch;
import io.dino4j.graph.op.Patchify;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What the machine's memory can do: the fastest copy by oneDNN's threads, to hold ops that only move memory against. */
public final class CopyPeak {
    /** Floats of an array: the logits of a large head, and a hidden layer of ViT-S at batch 8. Both are beyond level-2 caches. */
    private static final long[] SIZES = {16L << 20, 3L << 20};

    private static final int ROUNDS = 12;

    private CopyPeak() {}

    /** Bytes a second, those read and those written, of the best of several sizes and rounds; takes about half a second. */
    public static double measure() {
        double best = 0;
        for (long size : SIZES) {
            best = Math.max(best, measure(size));
        }
        return best;
    }

    private static double measure(long floats) {
        KernelContext context = new KernelContext(Collective.ALONE, new Scratch());
        try (INDArray x = Nd4j.ones(DataType.FLOAT, floats);
                INDArray y = Nd4j.create(DataType.FLOAT, floats);
                Program program = new Program(new OpCall(new Patchify(), List.of(x), new INDArray[] {y}, context))) {
            new Primitives(program).reorder(program.in(0), program.out(0));
            program.ready().run();
            return 2.0 * floats * Float.BYTES * 1e9 / program.leastNanos(ROUNDS);
        }
    }
}
