package io.dino4j.graph.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_exp;

import io.dino4j.graph.op.KoLeo;
import io.dino4j.graph.op.PrototypeCrossEntropy;
import io.dino4j.graph.op.WeightedSum;
import java.util.Arrays;

/** The losses. Rows of logits are worked on in chunks, so that nothing of the size of the logits is needed besides. */
final class LossKernels {
    /** Bytes of logits per chunk, for the level-2 cache. */
    private static final long CHUNK = 1L << 20;

    private LossKernels() {}

    /** Rows of {@code width} floats in a chunk. */
    static int chunk(long rows, long width) {
        return (int) Math.max(1, Math.min(rows, CHUNK / (width * Float.BYTES)));
    }

    static void crossEntropy(Program p) {
        float tau = (float) ((PrototypeCrossEntropy) p.call().op()).real(0);
        Tensor logits = p.in(0);
        int rows = (int) logits.rows();
        int width = (int) logits.columns();
        int chunk = chunk(rows, width);
        int choices = (int) p.in(2).columns();
        Floats s = Floats.of(logits);
        Floats t = Floats.of(p.in(1));
        Ints assignment = Ints.of(p.call().in(2));
        Floats weights = Floats.of(p.in(3).reshape(rows));
        Floats lse = p.out(1) == null ? null : Floats.of(p.out(1));
        Floats loss = p.out(0) == null ? null : Floats.of(p.out(0));
        Tensor scratch = p.scratch(chunk, width);
        Floats shifted = Floats.of(scratch);
        Primitives does = new Primitives(p);
        float[] w = new float[rows];
        float[] maxima = new float[chunk];
        float[] a = new float[width];
        float[] b = new float[width];
        double[] sum = new double[1];
        Reduce reduce = new Reduce();
        p.then(() -> {
            sum[0] = 0;
            weights.get(0, 0, w, 0, rows);
        });
        for (int from = 0; from < rows; from += chunk) {
            int first = from;
            int n = Math.min(chunk, rows - from);
            p.then(() -> {
                int[] target = assignment.read();
                for (int i = 0; i < n; i++) {
                    int r = first + i;
                    if (w[r] == 0) {
                        continue;
                    }
                    s.get(r, 0, a, 0, width);
                    float max = reduce.max(a, width);
                    maxima[i] = max;
                    if (loss != null) {
                        double dot = 0;
                        double mass = 0;
                        for (int j = 0; j < choices; j++) {
                            t.get(target[r * choices + j], 0, b, 0, width);
                            dot += reduce.dot(a, 0, b, 0, width);
                            mass += reduce.sum(b, width);
                        }
                        sum[0] -= w[r] * (dot / tau - mass * max / tau);
                    }
                    for (int c = 0; c < width; c++) {
                        a[c] = (a[c] - max) / tau;
                    }
                    shifted.put(i, 0, a, 0, width);
                }
            });
            Tensor part = scratch.rows(0, n);
            does.eltwise(dnnl_eltwise_exp, part, part);
            p.then(() -> {
                int[] target = assignment.read();
                for (int i = 0; i < n; i++) {
                    int r = first + i;
                    if (w[r] == 0) {
                        if (lse != null) {
                            lse.put(0, r, 0);
                        }
                        continue;
                    }
                    shifted.get(i, 0, a, 0, width);
                    double log = Math.log(reduce.sum(a, width));
                    if (lse != null) {
                        lse.put(0, r, (float) (log + maxima[i] / tau));
                    }
                    if (loss != null) {
                        double mass = 0;
                        for (int j = 0; j < choices; j++) {
                            t.get(target[r * choices + j], 0, b, 0, width);
                            mass += reduce.sum(b, width);
                        }
                        sum[0] += w[r] * mass * log;
                    }
                }
            });
        }
        if (loss != null) {
            p.then(() -> loss.put(0, 0, (float) sum[0]));
        }
    }

    static void crossEntropyGradient(Program p) {
        float tau = (float) ((PrototypeCrossEntropy.Grad) p.call().op()).real(0);
        Tensor logits = p.in(0);
        Tensor out = p.out(0);
        int rows = (int) logits.rows();
        int width = (int) logits.columns();
        int chunk = chunk(rows, width);
        int choices = (int) p.in(2).columns();
        Floats s = Floats.of(logits);
        Floats t = Floats.of(p.in(1));
        Ints assignment = Ints.of(p.call().in(2));
        Floats weights = Floats.of(p.in(3).reshape(rows));
        Floats lse = Floats.of(p.in(4));
        Floats dLoss = Floats.of(p.in(5));
        Floats d = Floats.of(out);
        Primitives does = new Primitives(p);
        float[] a = new float[width];
        float[] b = new float[width];
        float[] sum = new float[width];
        Reduce reduce = new Reduce();
        for (int from = 0; from < rows; from += chunk) {
            int first = from;
            int n = Math.min(chunk, rows - from);
            p.then(() -> {
                for (int r = first; r < first + n; r++) {
                    float shift = lse.get(0, r);
                    s.get(r, 0, a, 0, width);
                    for (int c = 0; c < width; c++) {
                        a[c] = a[c] / tau - shift;
                    }
                    d.put(r, 0, a, 0, width);
                }
            });
            Tensor part = out.rows(from, n);
            does.eltwise(dnnl_eltwise_exp, part, part);
            p.then(() -> {
                int[] target = assignment.read();
                float scale = dLoss.get(0, 0) / tau;
                for (int r = first; r < first + n; r++) {
                    float factor = scale * weights.get(0, r);
                    if (factor == 0) {
                        d.zero(r, r + 1, a);
                        continue;
                    }
                    Arrays.fill(sum, 0);
                    for (int j = 0; j < choices; j++) {
                        t.get(target[r * choices + j], 0, b, 0, width);
                        for (int c = 0; c < width; c++) {
                            sum[c] += b[c];
                        }
                    }
                    float mass = (float) reduce.sum(sum, width);
                    d.get(r, 0, a, 0, width);
                    for (int c = 0; c < width; c++) {
                        a[c] = factor * (mass * a[c] - sum[c]);
                    }
                    d.put(r, 0, a, 0, width);
                }
            });
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

    static void koLeo(Program p) {
        KoLeo op = (KoLeo) p.call().op();
        int rows = (int) p.in(0).rows();
        int width = (int) p.in(0).columns();
        int groups = (int) op.attribute(0);
        int size = rows / groups;
        double eps = op.real(0);
        Tensor unit = p.scratch(rows, width);
        Tensor products = p.scratch(size, size);
        Floats x = Floats.of(p.in(0));
        Floats z = Floats.of(unit);
        Floats dots = Floats.of(products);
        Floats loss = p.out(0) == null ? null : Floats.of(p.out(0));
        Ints neighbours = p.out(1) == null ? null : Ints.of(p.call().out(1));
        Primitives does = new Primitives(p);
        Reduce reduce = new Reduce();
        float[] a = new float[width];
        float[] b = new float[width];
        float[] line = new float[size];
        int[] nearest = new int[rows];
        p.then(() -> {
            for (int r = 0; r < rows; r++) {
                x.get(r, 0, a, 0, width);
                double norm = Math.max(Math.sqrt(reduce.dot(a, 0, a, 0, width)), eps);
                for (int c = 0; c < width; c++) {
                    a[c] = (float) (a[c] / norm);
                }
                z.put(r, 0, a, 0, width);
            }
        });
        for (int g = 0; g < groups; g++) {
            int first = g * size;
            Tensor part = unit.rows(first, size);
            does.matmul(part, part.transposed(), products, PostOps.none());
            p.then(() -> {
                for (int i = 0; i < size; i++) {
                    dots.get(i, 0, line, 0, size);
                    line[i] = Float.NEGATIVE_INFINITY;
                    int best = i == 0 ? 1 : 0;
                    for (int j = 0; j < size; j++) {
                        if (line[j] > line[best]) {
                            best = j;
                        }
                    }
                    nearest[first + i] = first + best;
                }
            });
        }
        p.then(() -> {
            double sum = 0;
            for (int r = 0; r < rows; r++) {
                z.get(r, 0, a, 0, width);
                z.get(nearest[r], 0, b, 0, width);
                sum -= Math.log(distance(a, b, eps) + eps);
            }
            if (loss != null) {
                loss.put(0, 0, (float) (sum / size));
            }
            if (neighbours != null) {
                neighbours.write(nearest);
            }
        });
    }

    /** Length of {@code a - b + eps}. */
    private static double distance(float[] a, float[] b, double eps) {
        double sum = 0;
        for (int c = 0; c < a.length; c++) {
            double d = (double) a[c] - b[c] + eps;
            sum += d * d;
        }
        return Math.sqrt(sum);
    }

    static void koLeoGradient(Program p) {
        KoLeo.Grad op = (KoLeo.Grad) p.call().op();
        int rows = (int) p.in(0).rows();
        int width = (int) p.in(0).columns();
        int size = rows / (int) op.attribute(0);
        double eps = op.real(0);
        Floats x = Floats.of(p.in(0));
        Ints neighbours = Ints.of(p.call().in(1));
        Floats dL = Floats.of(p.in(2));
        Floats dX = Floats.of(p.out(0));
        float[][] z = new float[rows][width];
        double[][] dZ = new double[rows][width];
        double[] norms = new double[rows];
        float[] out = new float[width];
        Reduce reduce = new Reduce();
        p.then(() -> {
            for (int r = 0; r < rows; r++) {
                x.get(r, 0, z[r], 0, width);
                norms[r] = Math.sqrt(reduce.dot(z[r], 0, z[r], 0, width));
                double divisor = Math.max(norms[r], eps);
                for (int c = 0; c < width; c++) {
                    z[r][c] = (float) (z[r][c] / divisor);
                }
                Arrays.fill(dZ[r], 0);
            }
            int[] nearest = neighbours.read();
            double scale = -dL.get(0, 0) / size;
            for (int r = 0; r < rows; r++) {
                float[] a = z[r];
                float[] b = z[nearest[r]];
                double length = distance(a, b, eps);
                double factor = length == 0 ? 0 : scale / ((length + eps) * length);
                for (int c = 0; c < width; c++) {
                    double d = factor * ((double) a[c] - b[c] + eps);
                    dZ[r][c] += d;
                    dZ[nearest[r]][c] -= d;
                }
            }
            for (int r = 0; r < rows; r++) {
                double along = 0;
                for (int c = 0; norms[r] > eps && c < width; c++) {
                    along += dZ[r][c] * z[r][c];
                }
                for (int c = 0; c < width; c++) {
                    out[c] = (float) ((dZ[r][c] - along * z[r][c]) / Math.max(norms[r], eps));
                }
                dX.put(r, 0, out, 0, width);
            }
        });
    }
}
