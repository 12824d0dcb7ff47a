package io.dino4j.graph.kernel.onednn;

import io.dino4j.graph.op.KoLeo;
import java.util.Arrays;

/** The Kozachenko-Leonenko regulariser: dot products by oneDNN, distances in double. Batches are small. */
final class KoLeoKernels {
    private KoLeoKernels() {}

    static void forward(Program p) {
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

    static void gradient(Program p) {
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
