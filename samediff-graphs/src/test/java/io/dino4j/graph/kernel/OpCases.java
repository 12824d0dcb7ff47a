package io.dino4j.graph.kernel;

import io.dino4j.graph.op.AddKeptRows;
import io.dino4j.graph.op.AddRows;
import io.dino4j.graph.op.Attention;
import io.dino4j.graph.op.CenteredSoftmax;
import io.dino4j.graph.op.EmbedTokens;
import io.dino4j.graph.op.EmbedTokens.Group;
import io.dino4j.graph.op.GatherRows;
import io.dino4j.graph.op.KoLeo;
import io.dino4j.graph.op.L2Normalize;
import io.dino4j.graph.op.LayerNorm;
import io.dino4j.graph.op.Linear;
import io.dino4j.graph.op.Patchify;
import io.dino4j.graph.op.PositionEmbedding;
import io.dino4j.graph.op.PrototypeCrossEntropy;
import io.dino4j.graph.op.Sinkhorn;
import io.dino4j.graph.op.SplitRows;
import io.dino4j.graph.op.SwiGlu;
import io.dino4j.graph.op.WeightNorm;
import io.dino4j.graph.op.WeightedSum;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Every op with the attributes and shapes that could go wrong. */
final class OpCases {
    private static final double EPS = 1e-6;

    private final List<OpCase> cases = new ArrayList<>();
    private final Random random = new Random(20);

    private OpCases() {}

    /** Small enough for a gradient by differences of every element. */
    static List<OpCase> small() {
        OpCases c = new OpCases();
        for (int flags = 0; flags < 16; flags++) {
            boolean gelu = (flags & 1) != 0;
            boolean gamma = (flags & 2) != 0;
            if (!(gelu && gamma)) {
                c.linear(3, 5, 4, gelu, (flags & 4) != 0, gamma, (flags & 8) != 0);
            }
        }
        c.linear(1, 3, 1, true, true, false, true);
        c.linear(2, 1, 3, false, true, true, true);
        c.swiGlu(3, 4);
        c.swiGlu(1, 1);
        for (boolean skip : new boolean[] {false, true}) {
            c.layerNorm(3, 5, skip);
            c.layerNorm(1, 4, skip);
            c.gather(5, 3, skip, 4, 0, 4, 4, 2);
            c.gather(2, 3, skip, 1);
        }
        c.l2Normalize(3, 5, 1);
        c.l2Normalize(2, 4, 1e-9);
        c.weightNorm(4, 3);
        c.weightNorm(1, 2);
        c.attention(1, 4, 3, 5);
        c.attention(2, 3, 2, 3, 1, 4);
        c.attention(3, 2, 1, 1, -1, 3);
        c.patchify(2, 3, new int[] {2, 4, 6});
        c.patchify(3, 1, new int[] {1, 3, 3}, new int[] {2, 6, 3});
        c.positions(3, 3, 3, false, 0.1);
        for (boolean antialias : new boolean[] {false, true}) {
            for (double offset : new double[] {0, 0.1}) {
                c.positions(4, 2, 3, antialias, offset);
                c.positions(3, 5, 2, antialias, offset);
                c.positions(4, 2, 8, antialias, offset);
            }
        }
        c.positions(2, 1, 1, false, 0.1);
        c.embed(0, new Group(2, 3, false));
        c.embed(2, new Group(1, 4, true));
        c.embed(1, new Group(2, 4, true), new Group(3, 2, false));
        c.embed(0, new Group(2, 2, true), new Group(-1, 3, true));
        c.addRows(5, 3, new int[] {4, 0, 2}, new double[] {1.5, 2}, 2, 1);
        c.addRows(2, 2, new int[] {1}, new double[] {1}, 1);
        c.addKeptRows(7, 3, new int[] {2, 0, 6, 0, 5}, new int[] {0, 4, 5}, new double[] {1.5, 2}, 2, 1);
        c.addKeptRows(2, 2, new int[] {0}, new int[] {1}, new double[] {2}, 1);
        c.split(3, 2, 1, 3);
        c.split(2, 4);
        c.crossEntropy(5, 4, 3, 1, 0.1);
        c.crossEntropy(4, 5, 4, 2, 0.5);
        c.crossEntropy(1, 3, 1, 1, 1);
        c.koLeo(1, 4, 3);
        c.koLeo(2, 3, 5);
        c.koLeo(1, 2, 2);
        c.sinkhorn(4, 3, 4, 3, 0.5);
        c.sinkhorn(5, 4, 3, 2, 0.3);
        c.sinkhorn(3, 2, 1, 1, 1);
        c.weightedSum(0.5, -2, 3);
        c.weightedSum(1);
        return c.cases;
    }

    /** Larger and odd sizes, with the ops that have no gradient. */
    static List<OpCase> large() {
        OpCases c = new OpCases();
        c.linear(257, 96, 384, true, true, false, false);
        c.linear(257, 384, 96, false, true, true, true);
        c.linear(33, 192, 576, false, true, false, false);
        c.linear(65, 75, 101, false, false, false, false);
        c.linear(65, 101, 75, true, false, false, true);
        c.linear(17, 13, 7, false, false, true, false);
        c.swiGlu(37, 72);
        c.swiGlu(257, 7);
        c.layerNorm(257, 96, true);
        c.layerNorm(37, 101, false);
        c.layerNorm(1, 384, true);
        c.gather(301, 97, true, c.numbers(301, 150));
        c.gather(64, 32, false, c.numbers(64, 90));
        c.l2Normalize(33, 257, 1e-12);
        c.weightNorm(511, 65);
        c.attention(6, 64, 2, 257);
        c.attention(3, 32, 2, 201, 8, 38);
        c.attention(1, 5, 7, 17, -1, 1);
        c.attention(12, 64, 1, 50);
        c.attention(2, 16, 15, 5, 6, 2);
        c.patchify(14, 3, new int[] {2, 56, 28}, new int[] {3, 14, 14});
        c.patchify(4, 3, new int[] {5, 12, 8});
        for (boolean antialias : new boolean[] {false, true}) {
            c.positions(16, 16, 16, antialias, 0.1);
            c.positions(16, 7, 7, antialias, 0.1);
            c.positions(16, 37, 5, antialias, 0);
        }
        c.embed(4, new Group(2, 49, true), new Group(5, 9, false));
        c.embed(0, new Group(3, 16, false));
        c.addRows(300, 96, c.distinct(300, 120), new double[] {1.25, 2}, 100, 20);
        c.addKeptRows(300, 97, c.numbers(300, 150), c.distinct(300, 120), new double[] {1.25, 2}, 100, 20);
        c.split(65, 50, 1, 200);
        c.crossEntropy(70, 1000, 20, 2, 0.1);
        c.crossEntropy(33, 515, 33, 1, 0.1);
        c.koLeo(2, 33, 96);
        c.koLeo(1, 64, 65);
        c.sinkhorn(64, 512, 50, 3, 0.07);
        c.sinkhorn(17, 33, 17, 3, 0.1);
        c.centeredSoftmax(64, 512, 50, 0.07);
        c.centeredSoftmax(5, 7, 5, 0.5);
        c.weightedSum(0.5, -2, 3, 0.125);
        return c.cases;
    }

    /** What occurs in mixed precision alone: where 16 bits begin and end. */
    static List<OpCase> mixed() {
        OpCases c = new OpCases();
        c.add(
                "patchify to bfloat16",
                (sd, v) -> new Patchify(sd, List.of(v), 4, true),
                List.of(c.array(3, 3, 8, 12), c.array(2, 3, 4, 4)),
                0);
        c.add(
                "logits",
                (sd, v) -> Linear.logits(sd, v[0], v[1]),
                List.of(c.array(33, 64), c.array(515, 64).divi(8)),
                0);
        c.add(
                "logits of many rows",
                (sd, v) -> Linear.logits(sd, v[0], v[1]),
                List.of(c.array(300, 24), c.array(65, 24).divi(8)),
                0);
        return c.cases;
    }

    /** Normal deviates. */
    INDArray array(long... shape) {
        int n = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        double[] x = new double[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return Nd4j.createFromArray(x).reshape(shape);
    }

    private static INDArray scalar(double x) {
        return Nd4j.scalar(DataType.DOUBLE, (double) (float) x);
    }

    private int[] numbers(int bound, int count) {
        return random.ints(count, 0, bound).toArray();
    }

    private int[] distinct(int bound, int count) {
        return random.ints(0, bound).distinct().limit(count).toArray();
    }

    private void add(String name, OpCase.Graph graph, List<INDArray> inputs, Integer... outputs) {
        cases.add(new OpCase(name, graph, inputs, List.of(outputs)));
    }

    private void linear(int t, int i, int o, boolean gelu, boolean bias, boolean gamma, boolean residual) {
        List<INDArray> in = new ArrayList<>(List.of(
                array(t, i),
                array(o, i).divi(Math.sqrt(i)).castTo(DataType.FLOAT).castTo(DataType.DOUBLE)));
        if (bias) {
            in.add(array(o));
        }
        if (gamma) {
            in.add(array(o));
        }
        if (residual) {
            in.add(array(t, o));
        }
        add(
                "linear [%d, %d] -> %d%s%s%s%s"
                        .formatted(
                                t,
                                i,
                                o,
                                gelu ? " gelu" : "",
                                bias ? " bias" : "",
                                gamma ? " gamma" : "",
                                residual ? " residual" : ""),
                (sd, v) -> {
                    int next = 2;
                    var b = bias ? v[next++] : null;
                    var g = gamma ? v[next++] : null;
                    return new Linear(sd, v[0], v[1], b, gelu, g, residual ? v[next] : null);
                },
                in,
                0);
    }

    private void swiGlu(int t, int h) {
        add("swiglu [%d, 2 * %d]".formatted(t, h), (sd, v) -> new SwiGlu(sd, v[0]), List.of(array(t, 2 * h)), 0);
    }

    private void layerNorm(int t, int d, boolean skip) {
        add(
                "layer norm [%d, %d]%s".formatted(t, d, skip ? " skip" : ""),
                (sd, v) -> new LayerNorm(sd, v[0], v[1], v[2], EPS, skip),
                List.of(array(t, d), array(d), array(d)),
                skip ? new Integer[] {0, 3} : new Integer[] {0});
    }

    private void gather(int t, int d, boolean skip, int... index) {
        add(
                "gather %d of [%d, %d]%s".formatted(index.length, t, d, skip ? " skip" : ""),
                (sd, v) -> new GatherRows(sd, v[0], v[1], skip),
                List.of(array(t, d), Nd4j.createFromArray(index)),
                skip ? new Integer[] {0, 1} : new Integer[] {0});
    }

    private void l2Normalize(int r, int d, double size) {
        // rows shorter than eps are divided by eps
        double eps = size < 1e-6 ? 1e-7 : 1e-12;
        INDArray x = array(r, d).muli(size).castTo(DataType.FLOAT).castTo(DataType.DOUBLE);
        add("l2 [%d, %d] * %s".formatted(r, d, size), (sd, v) -> new L2Normalize(sd, v[0], eps), List.of(x), 0);
    }

    private void weightNorm(int k, int d) {
        add(
                "weight norm [%d, %d]".formatted(k, d),
                (sd, v) -> new WeightNorm(sd, v[0], v[1]),
                List.of(array(k, 1), array(k, d)),
                0);
    }

    private void attention(int heads, int d, int... countAndLength) {
        List<Attention.Sequences> groups = new ArrayList<>();
        int rows = 0;
        for (int i = 0; i < countAndLength.length; i += 2) {
            int count = countAndLength[i];
            groups.add(new Attention.Sequences(count, countAndLength[i + 1]));
            rows += (count < 0 ? 2 : count) * countAndLength[i + 1];
        }
        add(
                "attention %d heads of %d, %s".formatted(heads, d, groups),
                (sd, v) -> new Attention(sd, v[0], heads, groups),
                List.of(array(rows, 3L * heads * d)),
                0);
    }

    private void patchify(int p, int channels, int[]... batches) {
        List<INDArray> in = new ArrayList<>();
        for (int[] b : batches) {
            in.add(array(b[0], channels, b[1], b[2]));
        }
        add(
                "patchify by %d: %s".formatted(p, Arrays.deepToString(batches)),
                (sd, v) -> new Patchify(sd, List.of(v), p),
                in,
                0);
    }

    private void positions(int side, int h, int w, boolean antialias, double offset) {
        add(
                "positions %d -> %d x %d%s offset %s".formatted(side, h, w, antialias ? " antialias" : "", offset),
                (sd, v) -> new PositionEmbedding(sd, v[0], h, w, antialias, offset),
                List.of(array(1, 1 + side * side, 2 + side)),
                0);
    }

    private void embed(int registers, Group... groups) {
        int d = 3;
        List<INDArray> positions = new ArrayList<>();
        List<INDArray> masks = new ArrayList<>();
        long patches = 0;
        for (Group g : groups) {
            int images = g.images() < 0 ? 2 : g.images();
            patches += (long) images * g.patches();
            positions.add(array(1 + g.patches(), d));
            if (g.masked()) {
                masks.add(array(images, g.patches()).gt(0).castTo(DataType.DOUBLE));
            }
        }
        List<INDArray> in = new ArrayList<>(List.of(array(patches, d), array(1, 1, d), array(1, d)));
        if (registers > 0) {
            in.add(array(1, registers, d));
        }
        in.addAll(positions);
        in.addAll(masks);
        add(
                "embed %d registers %s".formatted(registers, Arrays.toString(groups)),
                (sd, v) -> {
                    int first = registers > 0 ? 4 : 3;
                    var all = List.of(v);
                    return new EmbedTokens(
                            sd,
                            v[0],
                            v[1],
                            v[2],
                            registers > 0 ? v[3] : null,
                            registers,
                            all.subList(first, first + groups.length),
                            all.subList(first + groups.length, v.length),
                            List.of(groups));
                },
                in,
                0);
    }

    private void addRows(int t, int d, int[] index, double[] alphas, long... rows) {
        add(
                "add %s rows to [%d, %d]".formatted(Arrays.toString(rows), t, d),
                (sd, v) -> new AddRows(sd, v[0], v[1], v[2], rows, alphas),
                List.of(array(t, d), array(index.length, d), Nd4j.createFromArray(index)),
                0);
    }

    private void addKeptRows(int t, int d, int[] picked, int[] kept, double[] alphas, long... rows) {
        int m = picked.length;
        add(
                "add %s kept of %d rows to [%d, %d]".formatted(Arrays.toString(rows), t, m, d),
                (sd, v) -> new AddKeptRows(sd, v[0], v[1], v[2], v[3], t, rows, alphas),
                List.of(array(m, d), array(m, d), Nd4j.createFromArray(picked), Nd4j.createFromArray(kept)),
                0);
    }

    private void split(int d, long... rows) {
        Integer[] outputs = new Integer[rows.length];
        Arrays.setAll(outputs, i -> i);
        add(
                "split into %s".formatted(Arrays.toString(rows)),
                (sd, v) -> new SplitRows(sd, v[0], rows),
                List.of(array(Arrays.stream(rows).sum(), d)),
                outputs);
    }

    private void crossEntropy(int r, int k, int q, int j, double tau) {
        int[][] assignment = new int[r][j];
        float[] weights = new float[r];
        for (int i = 0; i < r; i++) {
            assignment[i] = numbers(q, j);
            weights[i] = r > 1 && i % 3 == 1 ? 0 : 1f / (1 + i);
        }
        INDArray targets = Nd4j.create(DataType.DOUBLE, q, k);
        for (int i = 0; i < q; i++) {
            INDArray e = Transforms.exp(array(k));
            targets.putRow(i, e.div(e.sumNumber()));
        }
        add(
                "cross-entropy [%d, %d], %d of %d targets, tau %s".formatted(r, k, j, q, tau),
                (sd, v) -> new PrototypeCrossEntropy(sd, v[0], v[1], v[2], v[3], tau),
                List.of(
                        // prototypes and features have unit length
                        array(r, k).muli(0.25),
                        targets.castTo(DataType.FLOAT).castTo(DataType.DOUBLE),
                        Nd4j.createFromArray(assignment),
                        Nd4j.createFromArray(weights).castTo(DataType.DOUBLE)),
                0);
    }

    private void koLeo(int groups, int b, int d) {
        add(
                "koleo %d groups of [%d, %d]".formatted(groups, b, d),
                (sd, v) -> new KoLeo(sd, v[0], groups, 1e-8),
                List.of(array((long) groups * b, d)),
                0);
    }

    private void sinkhorn(int r, int k, int valid, int iterations, double tau) {
        add(
                "sinkhorn %d of [%d, %d], %d times, tau %s".formatted(valid, r, k, iterations, tau),
                (sd, v) -> new Sinkhorn(sd, v[0], v[1], v[2], iterations),
                List.of(array(r, k), scalar(tau), Nd4j.scalar(DataType.INT32, valid)),
                0);
    }

    private void centeredSoftmax(int r, int k, int valid, double tau) {
        add(
                "centred softmax %d of [%d, %d], tau %s".formatted(valid, r, k, tau),
                (sd, v) -> new CenteredSoftmax(sd, v[0], v[1], v[2], v[3]),
                List.of(array(r, k), array(1, k), scalar(tau), Nd4j.scalar(DataType.INT32, valid)));
    }

    private void weightedSum(double... weights) {
        List<INDArray> in = new ArrayList<>();
        for (int i = 0; i < weights.length; i++) {
            in.add(scalar(random.nextGaussian()));
        }
        add(
                "sum weighted by %s".formatted(Arrays.toString(weights)),
                (sd, v) -> new WeightedSum(sd, List.of(v), weights),
                in,
                0);
    }

    /** A gradient for each output that carries one, null for the others. */
    static List<INDArray> outputGradients(OpCase c, WiredOp wired) {
        OpCases source = new OpCases();
        long[][] shapes =
                wired.op().outputShapes(c.inputs().stream().map(INDArray::shape).toArray(long[][]::new));
        List<INDArray> gradients = new ArrayList<>();
        for (int i = 0; i < shapes.length; i++) {
            gradients.add(c.outputs().contains(i) ? source.array(shapes[i]) : null);
        }
        return gradients;
    }
}
