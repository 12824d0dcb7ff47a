package io.dino4j.graph.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_exp;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_linear;

import io.dino4j.graph.op.PrototypeCrossEntropy;
import io.dino4j.graph.op.WeightedSum;
import java.util.Arrays;

/** The losses. Rows of logits are worked on in chunks, so that nothing of the size of the logits is needed besides. */
final class LossKernels {
    /** Bytes of logits per chunk: about what the level-2 caches of a few cores hold. */
    private static final long CHUNK = 4L << 20;

    private LossKernels() {}

    /** Rows of {@code width} floats in a chunk. */
    static int chunk(long rows, long width) {
        return (int) Math.max(1, Math.min(rows, CHUNK / (width * Float.BYTES)));
    }

    static void crossEntropy(Program p) {
        float tau = (float) ((PrototypeCrossEntropy) p.call().op()).real(0);
        Pairs pairs = new Pairs(p);
        int rows = pairs.rows;
        int width = pairs.width;
        Floats lse = p.out(1) == null ? null : Floats.of(p.out(1));
        Floats loss = p.out(0) == null ? null : Floats.of(p.out(0));
        int chunk = chunk(rows, width);
        Tensor scratch = p.scratch(chunk, width);
        Floats logs = Floats.of(scratch);
        Primitives does = new Primitives(p);
        double[] terms = new double[rows];
        RowLoop.RowStep[] sum = RowLoop.bodies(chunk, width, () -> {
            float[] a = new float[width];
            float[] b = new float[width];
            float[] work = new float[width];
            Reduce reduce = new Reduce();
            return r -> {
                if (pairs.weights[r] != 0 && loss != null) {
                    logs.get(r % chunk, 0, a, 0, width);
                    pairs.targets(r, b, work);
                    terms[r] = -reduce.dot(a, 0, b, 0, width);
                }
                if (lse != null) {
                    float log = pairs.logits.get(r, 0) / tau - logs.get(r % chunk, 0);
                    lse.put(0, r, pairs.weights[r] == 0 ? 0 : log);
                }
            };
        });
        p.then(pairs::read);
        for (int from = 0; from < rows; from += chunk) {
            int first = from;
            int n = Math.min(chunk, rows - from);
            Tensor part = scratch.rows(0, n);
            p.when(() -> pairs.count(first, n), () -> {
                does.eltwise(dnnl_eltwise_linear, p.in(0).rows(first, n), part, 1 / tau);
                does.logSoftmax(part, part);
            });
            p.rows(from, n, sum);
        }
        if (loss != null) {
            p.then(() -> loss.put(0, 0, (float) pairs.weighted(terms)));
        }
    }

    private static void shift(float[] x, float by, float scale) {
        for (int i = 0; i < x.length; i++) {
            x[i] = (x[i] - by) * scale;
        }
    }

    static void crossEntropyGradient(Program p) {
        float tau = (float) ((PrototypeCrossEntropy.Grad) p.call().op()).real(0);
        Pairs pairs = new Pairs(p);
        int width = pairs.width;
        Tensor out = p.out(0);
        Floats lse = Floats.of(p.in(4));
        Floats dLoss = Floats.of(p.in(5));
        Floats d = Floats.of(out);
        Primitives does = new Primitives(p);
        int chunk = chunk(pairs.rows, width);
        // the output may lie where the logits do: a row is written once it has been read
        RowLoop.RowStep[] shift = RowLoop.bodies(chunk, width, () -> {
            float[] a = new float[width];
            return r -> {
                if (pairs.weights[r] == 0) {
                    d.zero(r, r + 1, a);
                } else {
                    pairs.logits.get(r, 0, a, 0, width);
                    shift(a, lse.get(0, r) * tau, 1 / tau);
                    d.put(r, 0, a, 0, width);
                }
            };
        });
        RowLoop.RowStep[] slope = RowLoop.bodies(chunk, width, () -> {
            float[] a = new float[width];
            float[] b = new float[width];
            float[] work = new float[width];
            Reduce reduce = new Reduce();
            return r -> {
                float factor = dLoss.get(0, 0) * pairs.weights[r] / tau;
                if (factor == 0) {
                    d.zero(r, r + 1, a);
                    return;
                }
                pairs.targets(r, b, work);
                float mass = (float) reduce.sum(b, width);
                d.get(r, 0, a, 0, width);
                for (int c = 0; c < width; c++) {
                    a[c] = factor * (mass * a[c] - b[c]);
                }
                d.put(r, 0, a, 0, width);
            };
        });
        p.then(pairs::read);
        for (int from = 0; from < pairs.rows; from += chunk) {
            int n = Math.min(chunk, pairs.rows - from);
            p.rows(from, n, shift);
            int first = from;
            Tensor part = out.rows(from, n);
            p.when(() -> pairs.count(first, n), () -> does.eltwise(dnnl_eltwise_exp, part, part));
            p.rows(from, n, slope);
        }
    }

    /** Student rows and the target rows that each is compared with. */
    private static final class Pairs {
        final int rows;
        final int width;
        final Floats logits;
        final float[] weights;
        private final int choices;
        private final Floats targets;
        private final Floats weightsInMemory;
        private final Ints assignment;

        Pairs(Program p) {
            rows = (int) p.in(0).rows();
            width = (int) p.in(0).columns();
            choices = (int) p.in(2).columns();
            logits = Floats.of(p.in(0));
            targets = Floats.of(p.in(1));
            assignment = Ints.of(p.call().in(2));
            weightsInMemory = Floats.of(p.in(3).reshape(rows));
            weights = new float[rows];
        }

        /** Reads weights and assignment as they are now. */
        void read() {
            assignment.read();
            weightsInMemory.get(0, 0, weights, 0, rows);
        }

        /** True if any of {@code n} rows counts: padding comes last, and needs no work. */
        boolean count(int first, int n) {
            for (int r = first; r < first + n; r++) {
                if (weights[r] != 0) {
                    return true;
                }
            }
            return false;
        }

        /** The sum of the targets of row {@code r}. */
        void targets(int r, float[] sum, float[] work) {
            targets.get(assignment.values()[r * choices], 0, sum, 0, width);
            for (int j = 1; j < choices; j++) {
                targets.get(assignment.values()[r * choices + j], 0, work, 0, width);
                for (int c = 0; c < width; c++) {
                    sum[c] += work[c];
                }
            }
        }

        /** {@code sum_r w_r x_r} over the rows that count. */
        double weighted(double[] x) {
            double sum = 0;
            for (int r = 0; r < rows; r++) {
                sum += weights[r] == 0 ? 0 : weights[r] * x[r];
            }
            return sum;
        }
    }

    static void weightedSum(Program p) {
        double[] weights = ((WeightedSum) p.call().op()).tArgs();
        Floats[] terms = new Floats[weights.length];
        Arrays.setAll(terms, i -> Floats.of(p.in(i)));
        Floats out = Floats.of(p.out(0));
        p.then(() -> {
            double sum = 0;
            for (int i = 0; i < terms.length; i++) {
                sum += weights[i] * terms[i].get(0, 0);
            }
            out.put(0, 0, (float) sum);
        });
    }

    static void weightedSumGradient(Program p) {
        double[] weights = ((WeightedSum.Grad) p.call().op()).tArgs();
        Floats dL = Floats.of(p.in(0));
        for (int i = 0; i < weights.length; i++) {
            if (p.out(i) != null) {
                Floats out = Floats.of(p.out(i));
                double weight = weights[i];
                p.then(() -> out.put(0, 0, (float) (weight * dL.get(0, 0))));
            }
        }
    }
}
