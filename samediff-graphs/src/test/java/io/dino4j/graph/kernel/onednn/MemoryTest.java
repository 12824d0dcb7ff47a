package io.dino4j.graph.kernel.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.kernel.Kernel;
import io.dino4j.graph.kernel.KernelContext;
import io.dino4j.graph.kernel.OpCall;
import io.dino4j.graph.kernel.OpRunner;
import io.dino4j.graph.kernel.Scratch;
import io.dino4j.graph.op.Attention;
import io.dino4j.graph.op.GraphOp;
import io.dino4j.graph.op.LayerNorm;
import io.dino4j.graph.op.Linear;
import io.dino4j.graph.op.PrototypeCrossEntropy;
import io.dino4j.graph.op.Sinkhorn;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Running takes no native memory, and attention only as much as the tokens. */
final class MemoryTest {
    private static final int RUNS = 500;
    private static final long SLACK = 24L << 20;

    @Test
    void runningTakesNoMemory() {
        KernelContext context = new KernelContext(Collective.ALONE, new Scratch());
        List<Kernel> kernels = new ArrayList<>();
        INDArray x = random(130, 48);
        INDArray wide = random(130, 96);
        INDArray w = random(96, 48);
        INDArray row = random(96);
        INDArray qkv = random(130, 144);
        INDArray indices = Nd4j.createFromArray(new int[130][1]);
        INDArray scalar = Nd4j.scalar(DataType.FLOAT, 0.1);
        add(kernels, context, OpRunner.op(new Linear(), longs(1, 1, 0, 0)), List.of(x, w, row), wide, random(130, 96));
        add(
                kernels,
                context,
                OpRunner.op(new Linear.Grad(), longs(1, 1, 0)),
                List.of(x, w, row, wide, random(130, 96)),
                random(130, 48),
                random(96, 48),
                random(96));
        add(
                kernels,
                context,
                OpRunner.op(new LayerNorm(), longs(0), 1e-6),
                List.of(wide, row, row),
                random(130, 96),
                random(130),
                random(130));
        add(
                kernels,
                context,
                OpRunner.op(new Attention(), longs(3, 2, 65)),
                List.of(qkv),
                random(130, 48),
                random(130, 3));
        add(
                kernels,
                context,
                OpRunner.op(new Attention.Grad(), longs(3, 2, 65)),
                List.of(qkv, x, random(130, 3), random(130, 48)),
                random(130, 144));
        add(
                kernels,
                context,
                OpRunner.op(new PrototypeCrossEntropy(), longs(), 0.1),
                List.of(wide, random(130, 96), indices, random(130)),
                Nd4j.scalar(DataType.FLOAT, 0),
                random(130));
        add(
                kernels,
                context,
                OpRunner.op(new Sinkhorn(), longs(3)),
                List.of(wide, scalar, Nd4j.scalar(100)),
                random(130, 96));
        for (int i = 0; i < RUNS; i++) {
            kernels.forEach(Kernel::run);
        }
        long total = Pointer.totalBytes();
        long physical = Pointer.physicalBytes();
        for (int i = 0; i < RUNS; i++) {
            kernels.forEach(Kernel::run);
        }
        assertEquals(total, Pointer.totalBytes());
        long grown = Pointer.physicalBytes() - physical;
        assertTrue(grown < SLACK, "the process grew by " + grown + " bytes");
        kernels.forEach(Kernel::close);
    }

    @Test
    void attentionIsLinearInTheLengthOfSequences() {
        for (boolean gradient : new boolean[] {false, true}) {
            long before = scratchOfAttention(2048, gradient);
            assertTrue(scratchOfAttention(8192, gradient) <= 4 * before);
        }
    }

    private static long scratchOfAttention(int tokens, boolean gradient) {
        Scratch scratch = new Scratch();
        KernelContext context = new KernelContext(Collective.ALONE, scratch);
        INDArray qkv = Nd4j.createUninitialized(DataType.FLOAT, tokens, 96);
        INDArray o = Nd4j.createUninitialized(DataType.FLOAT, tokens, 32);
        INDArray lse = Nd4j.createUninitialized(DataType.FLOAT, tokens, 2);
        List<Kernel> kernels = new ArrayList<>();
        if (gradient) {
            add(
                    kernels,
                    context,
                    OpRunner.op(new Attention.Grad(), longs(2, 1, tokens)),
                    List.of(qkv, o, lse, o),
                    qkv.ulike());
        } else {
            add(kernels, context, OpRunner.op(new Attention(), longs(2, 1, tokens)), List.of(qkv), o, lse);
        }
        kernels.forEach(Kernel::close);
        return scratch.bytes();
    }

    private static void add(
            List<Kernel> kernels, KernelContext context, GraphOp op, List<INDArray> in, INDArray... out) {
        kernels.add(
                new OneDnnProvider().kernel(new OpCall(op, in, out, context)).orElseThrow());
    }

    private static long[] longs(long... values) {
        return values;
    }

    private static INDArray random(long... shape) {
        return Nd4j.randn(DataType.FLOAT, shape);
    }
}
