package io.dino4j.graph.kernel.onednn;

import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.kernel.Kernel;
import io.dino4j.graph.kernel.KernelContext;
import io.dino4j.graph.kernel.OpCall;
import io.dino4j.graph.kernel.Scratch;
import io.dino4j.graph.op.Attention;
import io.dino4j.graph.op.GraphOp;
import io.dino4j.graph.op.LayerNorm;
import io.dino4j.graph.op.Linear;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Time per op of one block of a Vision Transformer, forward and backward; run by hand. Arguments: images, tokens,
 * width, heads, depth, rounds; the defaults are ViT-S/14 at batch 8 and 224 x 224.
 */
final class BlockBenchmark {
    private final KernelContext context = new KernelContext(Collective.ALONE, new Scratch());
    private final OneDnnProvider provider = new OneDnnProvider();
    private final List<Timed> ops = new ArrayList<>();

    private record Timed(String name, boolean backward, double flops, Kernel kernel, List<Double> millis) {
        double median() {
            double[] sorted = millis.stream().mapToDouble(x -> x).sorted().toArray();
            return sorted[sorted.length / 2];
        }
    }

    public static void main(String[] args) {
        int[] a = Arrays.stream(args).mapToInt(Integer::parseInt).toArray();
        new BlockBenchmark()
                .run(
                        a.length > 0 ? a[0] : 8,
                        a.length > 1 ? a[1] : 257,
                        a.length > 2 ? a[2] : 384,
                        a.length > 3 ? a[3] : 6,
                        a.length > 4 ? a[4] : 12,
                        a.length > 5 ? a[5] : 15);
    }

    private void run(int images, int tokens, int d, int heads, int depth, int rounds) {
        System.out.println(provider.describe());
        System.out.println("GEMM peak " + GemmPeak.measure() + " GFLOP/s");
        long t = (long) images * tokens;
        INDArray x = random(t, d),
                w1 = random(d),
                b1 = random(d),
                n1 = random(t, d),
                mean = random(t),
                rstd = random(t);
        INDArray wqkv = random(3 * d, d), bqkv = random(3 * d), qkv = random(t, 3 * d);
        INDArray o = random(t, d), lse = random(t, heads);
        INDArray wp = random(d, d), gamma = random(d), x2 = random(t, d);
        INDArray wf1 = random(4 * d, d), bf1 = random(4 * d), z = random(t, 4 * d), y = random(t, 4 * d);
        INDArray wf2 = random(d, 4 * d), x3 = random(t, d);
        double gemm = 2.0 * t * d * d;
        double attention = 4.0 * images * heads * tokens * (double) tokens * (d / heads);
        boolean train = !Boolean.getBoolean("inference");
        add(
                "norm 1",
                false,
                0,
                norm(new LayerNorm()),
                List.of(x, w1, b1),
                n1,
                train ? mean : null,
                train ? rstd : null,
                null);
        add("qkv", false, 3 * gemm, linear(0, 1, 0, 0), List.of(n1, wqkv, bqkv), qkv);
        add(
                "attention",
                false,
                attention,
                attention(new Attention(), heads, images, tokens),
                List.of(qkv),
                o,
                train ? lse : null);
        add("projection", false, gemm, linear(0, 1, 1, 1), List.of(o, wp, b1, gamma, x), x2);
        add(
                "norm 2",
                false,
                0,
                norm(new LayerNorm()),
                List.of(x2, w1, b1),
                n1,
                train ? mean : null,
                train ? rstd : null,
                null);
        add("fc1 + GELU", false, 4 * gemm, linear(1, 1, 0, 0), List.of(n1, wf1, bf1), y, train ? z : null);
        add("fc2", false, 4 * gemm, linear(0, 1, 1, 1), List.of(y, wf2, b1, gamma, x2), x3);
        INDArray dx = random(t, d),
                dy = random(t, 4 * d),
                dn = random(t, d),
                dqkv = random(t, 3 * d),
                dO = random(t, d);
        INDArray dz = random(t, 4 * d);
        add(
                "fc2",
                true,
                8 * gemm,
                linearGrad(0, 1, 1),
                List.of(y, wf2, b1, gamma, dx),
                dy,
                like(wf2),
                like(b1),
                like(gamma));
        add("fc1 + GELU", true, 8 * gemm, linearGrad(1, 1, 0), List.of(n1, wf1, bf1, z, dz), dn, like(wf1), like(bf1));
        add("norm 2", true, 0, new LayerNorm.Grad(), List.of(x2, w1, mean, rstd, dn, dx), like(x2), like(w1), like(b1));
        add(
                "projection",
                true,
                2 * gemm,
                linearGrad(0, 1, 1),
                List.of(o, wp, b1, gamma, dx),
                dO,
                like(wp),
                like(b1),
                like(gamma));
        add(
                "attention",
                true,
                2.5 * attention,
                attention(new Attention.Grad(), heads, images, tokens),
                List.of(qkv, o, lse, dO),
                dqkv);
        add("qkv", true, 6 * gemm, linearGrad(0, 1, 0), List.of(n1, wqkv, bqkv, dqkv), dn, like(wqkv), like(bqkv));
        add("norm 1", true, 0, new LayerNorm.Grad(), List.of(x, w1, mean, rstd, dn, dx), like(x), like(w1), like(b1));
        for (int i = 0; i < rounds + 3; i++) {
            for (Timed op : ops) {
                long start = clock();
                op.kernel().run();
                if (i >= 3) {
                    op.millis().add((clock() - start) / 1e6);
                }
            }
        }
        report(images, depth);
    }

    /**
     * With {@code -Dcpu=true} the processor time of this thread, which does not count what other processes take; with
     * OMP_WAIT_POLICY=passive that is nearly the time that an idle machine would need, for any number of threads.
     */
    private static long clock() {
        return Boolean.getBoolean("cpu")
                ? ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime()
                : System.nanoTime();
    }

    private void report(int images, int depth) {
        double forward = 0;
        double backward = 0;
        for (Timed op : ops) {
            double ms = op.median();
            System.out.printf(
                    "%-9s %-12s %8.3f ms %8.1f GFLOP/s%n",
                    op.backward() ? "backward" : "forward", op.name(), ms, op.flops() / ms / 1e6);
            if (op.backward()) {
                backward += ms;
            } else {
                forward += ms;
            }
        }
        System.out.printf(
                "block: forward %.2f ms, backward %.2f ms; %d blocks: %.1f images/s forward, %.2f forward + backward%n",
                forward,
                backward,
                depth,
                images * 1000 / (depth * forward),
                images * 1000 / (depth * (forward + backward)));
    }

    private void add(String name, boolean backward, double flops, GraphOp op, List<INDArray> in, INDArray... out) {
        Kernel kernel = provider.kernel(new OpCall(op, in, out, context)).orElseThrow();
        ops.add(new Timed(name, backward, flops, kernel, new ArrayList<>()));
    }

    private static GraphOp norm(GraphOp op) {
        op.addIArgument(1);
        op.addTArgument(1e-6);
        return op;
    }

    private static GraphOp linear(int... attributes) {
        GraphOp op = new Linear();
        op.addIArgument(attributes);
        return op;
    }

    private static GraphOp linearGrad(int... attributes) {
        GraphOp op = new Linear.Grad();
        op.addIArgument(attributes);
        return op;
    }

    private static GraphOp attention(GraphOp op, int heads, int images, int tokens) {
        op.addIArgument(heads, images, tokens);
        return op;
    }

    private static INDArray random(long... shape) {
        return Nd4j.randn(DataType.FLOAT, shape).muli(0.05);
    }

    private static INDArray like(INDArray a) {
        return Nd4j.createUninitialized(DataType.FLOAT, a.shape());
    }
}
