package io.dino4j.graph.kernel;

import static io.dino4j.graph.kernel.OpRunner.op;
import static io.dino4j.graph.kernel.ProviderAgreement.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.kernel.onednn.OneDnnProvider;
import io.dino4j.graph.kernel.portable.PortableProvider;
import io.dino4j.graph.op.AddRows;
import io.dino4j.graph.op.Attention;
import io.dino4j.graph.op.CenteredSoftmax;
import io.dino4j.graph.op.GatherRows;
import io.dino4j.graph.op.KoLeo;
import io.dino4j.graph.op.LayerNorm;
import io.dino4j.graph.op.Linear;
import io.dino4j.graph.op.Patchify;
import io.dino4j.graph.op.PositionEmbedding;
import io.dino4j.graph.op.PrototypeCrossEntropy;
import io.dino4j.graph.op.Sinkhorn;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What the ops must satisfy whatever their inputs, and their values by formulas written out here in plain loops. */
final class PortableInvariantsTest {
    private static final double TIGHT = 1e-12;
    private final OpRunner run = new OpRunner(new PortableProvider(), DataType.DOUBLE);

    private static INDArray array(int seed, long... shape) {
        Random random = new Random(seed);
        int n = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        return Nd4j.createFromArray(random.doubles(n, -2, 2).toArray()).reshape(shape);
    }

    private static INDArray scalar(double x) {
        return Nd4j.scalar(DataType.DOUBLE, x);
    }

    private static INDArray integer(int x) {
        return Nd4j.scalar(DataType.INT32, x);
    }

    private static INDArray rows(INDArray x, int from, int to) {
        return x.getRows(IntStream.range(from, to).toArray());
    }

    @Test
    void geluIsExact() {
        // z Phi(z), from tables of the normal distribution to 15 digits
        double[] z = {-3, -1, 0, 0.5, 1, 2};
        double[] expected = {
            -0.00404969409489031, -0.158655253931457, 0, 0.345731230637016, 0.841344746068543, 1.95449973610364
        };
        INDArray x = Nd4j.createFromArray(z).reshape(z.length, 1);
        INDArray y = run.run(op(new Linear(), new long[] {1, 0, 0, 0}), x, Nd4j.ones(DataType.DOUBLE, 1, 1))
                .get(0);
        assertArrayEquals(expected, y.reshape(z.length).toDoubleVector(), 2e-14);
    }

    @Test
    void linearTakesAConvolutionWeightAsItIs() {
        INDArray images = array(1, 2, 3, 4, 4);
        INDArray weight = array(2, 5, 3, 2, 2);
        INDArray patches = run.run(op(new Patchify(), new long[] {2}), images).get(0);
        INDArray y = run.run(op(new Linear(), new long[] {0, 0, 0, 0}), patches, weight)
                .get(0);
        for (int b = 0; b < 2; b++) {
            for (int h = 0; h < 2; h++) {
                for (int w = 0; w < 2; w++) {
                    for (int o = 0; o < 5; o++) {
                        double sum = 0;
                        for (int c = 0; c < 3; c++) {
                            for (int i = 0; i < 4; i++) {
                                sum += images.getDouble(b, c, 2 * h + i / 2, 2 * w + i % 2)
                                        * weight.getDouble(o, c, i / 2, i % 2);
                            }
                        }
                        assertEquals(sum, y.getDouble(b * 4 + h * 2 + w, o), TIGHT);
                    }
                }
            }
        }
    }

    @Test
    void normedRowsHaveMeanZeroAndVarianceOne() {
        INDArray x = array(3, 4, 50).addi(7);
        INDArray y = run.run(op(new LayerNorm(), new long[] {0}, 0), x, Nd4j.ones(50), Nd4j.zeros(50))
                .get(0);
        assertTrue(y.mean(1).amaxNumber().doubleValue() < 1e-6);
        assertTrue(y.var(false, 1).sub(1).amaxNumber().doubleValue() < 1e-6);
    }

    @Test
    void attentionIsSoftmaxOfScaledScores() {
        int heads = 2;
        int d = 3;
        int n = 5;
        INDArray qkv = array(4, n, 3 * heads * d);
        List<INDArray> out = run.run(op(new Attention(), new long[] {heads, 1, n}), qkv);
        for (int h = 0; h < heads; h++) {
            for (int i = 0; i < n; i++) {
                double[] p = new double[n];
                for (int j = 0; j < n; j++) {
                    for (int k = 0; k < d; k++) {
                        p[j] += qkv.getDouble(i, h * d + k) * qkv.getDouble(j, (heads + h) * d + k) / Math.sqrt(d);
                    }
                    p[j] = Math.exp(p[j]);
                }
                double sum = Arrays.stream(p).sum();
                assertEquals(Math.log(sum), out.get(1).getDouble(i, h), TIGHT);
                for (int k = 0; k < d; k++) {
                    double o = 0;
                    for (int j = 0; j < n; j++) {
                        o += p[j] / sum * qkv.getDouble(j, (2 * heads + h) * d + k);
                    }
                    assertEquals(o, out.get(0).getDouble(i, h * d + k), TIGHT);
                }
            }
        }
    }

    @Test
    void packedAttentionEqualsSeparateSequences() {
        INDArray qkv = array(5, 3 * 4 + 2 * 7, 3 * 2 * 4);
        List<INDArray> packed = run.run(op(new Attention(), new long[] {2, 3, 4, -1, 7}), qkv);
        int row = 0;
        for (int length : new int[] {4, 4, 4, 7, 7}) {
            List<INDArray> alone =
                    run.run(op(new Attention(), new long[] {2, 1, length}), rows(qkv, row, row + length));
            for (int i = 0; i < 2; i++) {
                assertClose(alone.get(i), rows(packed.get(i), row, row + length), TIGHT, "output " + i);
            }
            row += length;
        }
    }

    @Test
    void attentionInSeveralTilesEqualsOneHeadAtATime() {
        // 3 sequences, 3 heads, 1400^2 scores each: more than one tile holds
        int n = 1400;
        INDArray qkv = array(6, 3L * n, 18);
        INDArray all = run.run(op(new Attention(), new long[] {3, 3, n}), qkv).get(0);
        for (int h = 0; h < 3; h++) {
            INDArray of = Nd4j.create(DataType.DOUBLE, 3L * n, 6);
            for (int part = 0; part < 3; part++) {
                for (int k = 0; k < 2; k++) {
                    of.putColumn(part * 2 + k, qkv.getColumn(part * 6 + h * 2 + k));
                }
            }
            INDArray one =
                    run.run(op(new Attention(), new long[] {1, 3, n}), of).get(0);
            assertClose(one, all.getColumns(2 * h, 2 * h + 1), TIGHT, "head " + h);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT", "DOUBLE"})
    void extremeScoresStayFinite(DataType type) {
        INDArray qkv = array(7, 6, 12).muli(1e4);
        List<INDArray> out =
                new OpRunner(new PortableProvider(), type).run(op(new Attention(), new long[] {2, 2, 3}), qkv);
        out.forEach(PortableInvariantsTest::assertFinite);
    }

    @Test
    void allRowsAddedOnceIsASum() {
        INDArray x = array(8, 4, 3);
        INDArray branch = array(9, 4, 3);
        INDArray y = run.run(op(new AddRows(), new long[] {4}, 1), x, branch, Nd4j.createFromArray(0, 1, 2, 3))
                .get(0);
        assertEquals(x.add(branch), y);
    }

    @Test
    void noAdditionIsLostWhenARowIsPickedManyTimes() {
        int[] index = IntStream.range(0, 2000).map(i -> i % 3).toArray();
        INDArray dY = Nd4j.ones(DataType.DOUBLE, 2000, 384);
        for (int i = 0; i < 5; i++) {
            INDArray dX = run.run(
                            op(new GatherRows.Grad(), new long[0]), array(1, 3, 384), Nd4j.createFromArray(index), dY)
                    .get(0);
            assertEquals(2000 * 384, dX.sumNumber().doubleValue());
        }
    }

    @Test
    void aRowThatDoesNotExistIsRefused() {
        for (int row : new int[] {-1, 3}) {
            INDArray index = Nd4j.createFromArray(0, row);
            assertThrows(
                    IndexOutOfBoundsException.class,
                    () -> run.run(op(new GatherRows(), new long[] {0}), array(1, 3, 2), index));
        }
    }

    @Test
    void positionWeightsSumToOneAndRespectSymmetry() {
        for (boolean antialias : new boolean[] {false, true}) {
            for (int[] size : new int[][] {{3, 5}, {7, 2}, {4, 4}, {1, 9}}) {
                PositionEmbedding op = op(new PositionEmbedding(), new long[] {size[0], size[1], antialias ? 1 : 0}, 0);
                INDArray matrix = PositionResampling.matrix(op.resize(17), DataType.DOUBLE);
                int rows = 1 + size[0] * size[1];
                for (int i = 0; i < rows; i++) {
                    assertEquals(1, matrix.getRow(i).sumNumber().doubleValue(), TIGHT);
                    assertEquals(i == 0 ? 1 : 0, matrix.getDouble(i, 0));
                    for (int j = 1; i > 0 && j < 17; j++) {
                        // turned by 180 degrees
                        assertEquals(matrix.getDouble(i, j), matrix.getDouble(rows - i, 17 - j), TIGHT);
                    }
                }
            }
        }
    }

    /** The four weights of Keys' kernel with {@code a = -0.75} at a quarter between two samples, worked out by hand. */
    @Test
    void plainUpsamplingByTwoHasTheKnownWeights() {
        PositionEmbedding op = op(new PositionEmbedding(), new long[] {4, 8, 0}, 0);
        INDArray matrix = PositionResampling.matrix(op.resize(17), DataType.DOUBLE);
        double[] taps = {-0.10546875, 0.87890625, 0.26171875, -0.03515625};
        double[] third = matrix.getRow(1 + 3).toDoubleVector(); // first row of patches, x = 3: centre 1.25
        assertArrayEquals(taps, Arrays.copyOfRange(third, 1, 5), TIGHT);
    }

    @Test
    void offsetChangesTheScale() {
        PositionEmbedding op = op(new PositionEmbedding(), new long[] {4, 8, 0}, 0.1);
        double[] row = PositionResampling.matrix(op.resize(17), DataType.DOUBLE)
                .getRow(1 + 8)
                .toDoubleVector();
        // row 1 of 4: centre 4 / 4.1 * 1.5 - 0.5 = 0.96341..., so samples 0 and 1 carry the most, weight 1 at distance
        // 0.03658...
        double distance = 1 - (4 / 4.1 * 1.5 - 0.5);
        double weight = (1.25 * distance - 2.25) * distance * distance + 1;
        double down = row[1 + 4] + row[1 + 5] + row[1 + 6] + row[1 + 7];
        assertEquals(weight, down, TIGHT);
    }

    @Test
    void crossEntropyIsTheNaiveFormula() {
        INDArray s = array(10, 4, 6);
        INDArray t = array(11, 3, 6);
        int[][] assigned = {{0, 2}, {1, 1}, {-5, 99}, {2, 0}};
        double[] weights = {0.5, 2, 0, 1};
        s.putScalar(2, 0, Double.NaN); // a row of weight 0 is not even looked at
        double tau = 0.3;
        double loss = 0;
        for (int r = 0; r < 4; r++) {
            double sum = 0;
            for (int k = 0; k < 6; k++) {
                sum += Math.exp(s.getDouble(r, k) / tau);
            }
            for (int j = 0; j < 2 && weights[r] != 0; j++) {
                for (int k = 0; k < 6; k++) {
                    loss -= weights[r] * t.getDouble(assigned[r][j], k) * (s.getDouble(r, k) / tau - Math.log(sum));
                }
            }
        }
        PrototypeCrossEntropy op = op(new PrototypeCrossEntropy(), new long[0], tau);
        INDArray[] in = {s, t, Nd4j.createFromArray(assigned), Nd4j.createFromArray(weights)};
        List<INDArray> out = run.run(op, in);
        assertEquals(loss, out.get(0).getDouble(0), 1e-11);
        INDArray gradient = run.run(
                        op(new PrototypeCrossEntropy.Grad(), new long[0], tau),
                        in[0],
                        in[1],
                        in[2],
                        in[3],
                        out.get(1),
                        scalar(1))
                .get(0);
        assertEquals(0, gradient.getRow(2).amaxNumber().doubleValue(), "gradient of a row of weight 0");
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT", "DOUBLE"})
    void extremeLogitsGiveAFiniteLoss(DataType type) {
        INDArray s = Nd4j.createFromArray(new double[][] {{1e4, -1e4, 0}, {-1e4, -1e4, -1e4}});
        INDArray t = Nd4j.createFromArray(new double[][] {{0, 1, 0}});
        List<INDArray> out = new OpRunner(new PortableProvider(), type)
                .run(
                        op(new PrototypeCrossEntropy(), new long[0], 0.04),
                        s,
                        t,
                        Nd4j.createFromArray(new int[][] {{0}, {0}}),
                        Nd4j.createFromArray(1d, 1));
        assertEquals(5e5 + Math.log(3), out.get(0).getDouble(0), 0.1);
    }

    @Test
    void koLeoLooksAtOneGroupAtATimeAndTakesTheFirstOfEqualNeighbours() {
        INDArray x = Nd4j.createFromArray(new double[][] {
            {1, 0}, {0, 2}, {3, 0}, {4, 0}, // rows 0, 2 and 3 point the same way
            {1, 0}, {0, 1}, {0, -1}, {1, 1}
        });
        List<INDArray> out = run.run(op(new KoLeo(), new long[] {2}, 1e-8), x);
        assertArrayEquals(new int[] {2, 0, 0, 0, 7, 7, 4, 4}, out.get(1).toIntVector());
        // distances: eps-sized in group 0 for rows 0, 2, 3
        double near = Math.log(Math.sqrt(2) * 1e-8 + 1e-8);
        double turned = Math.sqrt(2 - Math.sqrt(2));
        double expected =
                -(3 * near + Math.log(Math.sqrt(2))) / 4 - (3 * Math.log(turned) + Math.log(Math.sqrt(2))) / 4;
        assertEquals(expected, out.get(0).getDouble(0), 1e-6);
    }

    /** Two copies of an image in a batch, or an empty feature: losses and gradients are large, but numbers. */
    @Test
    void koLeoOfEqualRowsAndOfZerosIsFinite() {
        for (KernelProvider provider : List.of(new PortableProvider(), new OneDnnProvider())) {
            OpRunner runner = new OpRunner(provider, DataType.FLOAT);
            for (double value : new double[] {0, 3}) {
                INDArray x = Nd4j.valueArrayOf(new long[] {4, 8}, value);
                List<INDArray> out = runner.run(op(new KoLeo(), new long[] {2}, 1e-8), x);
                assertTrue(Double.isFinite(out.get(0).getDouble(0)), provider + ": loss of " + value);
                INDArray gradient = runner.run(op(new KoLeo.Grad(), new long[] {2}, 1e-8), x, out.get(1), scalar(1))
                        .get(0);
                assertTrue(Double.isFinite(gradient.norm2Number().doubleValue()), provider + ": gradient of " + value);
            }
        }
    }

    @Test
    void sinkhornBalances() {
        INDArray t = array(12, 6, 4);
        INDArray q = run.run(op(new Sinkhorn(), new long[] {50}), t, scalar(0.5), integer(5))
                .get(0);
        INDArray valid = rows(q, 0, 5);
        assertTrue(valid.sum(1).sub(1).amaxNumber().doubleValue() < TIGHT, "samples sum to 1");
        assertTrue(valid.sum(0).sub(5 / 4d).amaxNumber().doubleValue() < 1e-6, "prototypes are used equally");
        assertEquals(0, q.getRow(5).amaxNumber().doubleValue(), "padding is zero");
    }

    @Test
    void sinkhornIsTheFormulaOfTheReference() {
        INDArray t = array(13, 5, 3);
        double[][] q = new double[3][5];
        double total = 0;
        for (int k = 0; k < 3; k++) {
            for (int b = 0; b < 5; b++) {
                q[k][b] = Math.exp(t.getDouble(b, k) / 0.2);
                total += q[k][b];
            }
        }
        for (int k = 0; k < 3; k++) {
            for (int b = 0; b < 5; b++) {
                q[k][b] /= total;
            }
        }
        for (int i = 0; i < 3; i++) {
            for (int k = 0; k < 3; k++) {
                double sum = Arrays.stream(q[k]).sum();
                for (int b = 0; b < 5; b++) {
                    q[k][b] /= sum * 3;
                }
            }
            for (int b = 0; b < 5; b++) {
                double sum = q[0][b] + q[1][b] + q[2][b];
                for (int k = 0; k < 3; k++) {
                    q[k][b] /= sum * 5;
                }
            }
        }
        INDArray expected = Nd4j.createFromArray(q).transpose().mul(5);
        assertClose(
                expected,
                run.run(op(new Sinkhorn(), new long[] {3}), t, scalar(0.2), integer(5))
                        .get(0),
                TIGHT,
                "sinkhorn");
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT", "DOUBLE"})
    void extremeLogitsGiveDistributions(DataType type) {
        INDArray t = Nd4j.createFromArray(new double[][] {{1e4, -1e4, 0}, {1e4, -1e4, 5e3}, {-1e4, -1e4, -1e4}});
        OpRunner r = new OpRunner(new PortableProvider(), type);
        INDArray q = r.run(op(new Sinkhorn(), new long[] {3}), t, scalar(0.04), integer(3))
                .get(0);
        assertFinite(q);
        assertTrue(q.sum(1).sub(1).amaxNumber().doubleValue() < 1e-6);
        assertFinite(r.run(op(new Sinkhorn.Grad(), new long[] {3}), t, scalar(0.04), integer(3), array(1, 3, 3))
                .get(0));
        INDArray c = r.run(op(new CenteredSoftmax(), new long[0]), t, array(2, 1, 3), scalar(0.04), integer(3))
                .get(0);
        assertTrue(c.sum(1).sub(1).amaxNumber().doubleValue() < 1e-6);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void targetsOfSeveralWorkersEqualThoseOfOne(int count) throws Exception {
        int[] valid = {3, 0, 4, 2}; // a worker may have nothing
        int samples = Arrays.stream(valid, 0, count).sum();
        INDArray t = array(14, samples, 6);
        INDArray center = array(15, 1, 6);
        INDArray sinkhorn = run.run(op(new Sinkhorn(), new long[] {3}), t, scalar(0.1), integer(samples))
                .get(0);
        List<INDArray> centered =
                run.run(op(new CenteredSoftmax(), new long[0]), t, center, scalar(0.1), integer(samples));
        Workers workers = new Workers(count);
        List<List<INDArray>> parts = workers.run(collective -> {
            int rank = workers.rank(collective);
            int from = Arrays.stream(valid, 0, rank).sum();
            // the padding holds what must not be looked at
            INDArray mine = Nd4j.valueArrayOf(new long[] {5, 6}, 1e6, DataType.DOUBLE);
            for (int i = 0; i < valid[rank]; i++) {
                mine.putRow(i, t.getRow(from + i));
            }
            OpRunner r = new OpRunner(new PortableProvider(), DataType.DOUBLE, collective);
            INDArray v = integer(valid[rank]);
            List<INDArray> out = new ArrayList<>(r.run(op(new Sinkhorn(), new long[] {3}), mine, scalar(0.1), v));
            out.addAll(r.run(op(new CenteredSoftmax(), new long[0]), mine, center, scalar(0.1), v));
            return out;
        });
        for (int rank = 0; rank < count; rank++) {
            int from = Arrays.stream(valid, 0, rank).sum();
            for (int i = 0; i < 5; i++) {
                boolean padding = i >= valid[rank];
                INDArray zero = Nd4j.zeros(DataType.DOUBLE, 6);
                assertClose(
                        padding ? zero : sinkhorn.getRow(from + i),
                        parts.get(rank).get(0).getRow(i),
                        TIGHT,
                        "sinkhorn of worker " + rank);
                assertClose(
                        padding ? zero : centered.get(0).getRow(from + i),
                        parts.get(rank).get(1).getRow(i),
                        TIGHT,
                        "softmax of worker " + rank);
            }
            assertClose(centered.get(1), parts.get(rank).get(2), TIGHT, "mean of worker " + rank);
        }
        assertClose(t.mean(true, 0), centered.get(1), TIGHT, "mean");
    }

    private static void assertFinite(INDArray x) {
        double sum = x.castTo(DataType.DOUBLE).amaxNumber().doubleValue();
        assertTrue(Double.isFinite(sum) && Double.isFinite(x.sumNumber().doubleValue()), () -> "not finite: " + x);
    }
}
