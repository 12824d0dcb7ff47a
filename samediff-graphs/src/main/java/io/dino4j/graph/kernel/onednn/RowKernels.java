package io.dino4j.graph.kernel.onednn;

import io.dino4j.graph.kernel.OpCall;
import io.dino4j.graph.op.AddKeptRows;
import io.dino4j.graph.op.AddRows;
import io.dino4j.graph.op.GraphOp;
import io.dino4j.graph.op.L2Normalize;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Ops that move rows or work on one row at a time. */
final class RowKernels {
    private RowKernels() {}

    static void gather(Program p) {
        if (p.out(0) == null) {
            return;
        }
        Floats x = Floats.of(p.in(0));
        Floats y = Floats.of(p.out(0));
        Ints index = Ints.of(p.call().in(1));
        int width = (int) p.in(0).columns();
        int[] rows = index.values();
        p.then(index::read).rows(rows.length, width, () -> i -> y.copy(i, x, rows[i], width));
    }

    static void gatherGradient(Program p) {
        Floats dX = Floats.of(p.out(0));
        Floats dY = Floats.of(p.in(2));
        Floats dSkip = p.call().inputs().size() > 3 ? Floats.of(p.in(3)) : null;
        Ints index = Ints.of(p.call().in(1));
        int total = (int) p.out(0).rows();
        int width = (int) p.out(0).columns();
        int parts = RowLoop.threads(total, width);
        int[] rows = index.values();
        // each thread adds to a range of rows of its own, which any row of the gradient may belong to
        RowLoop.RowStep[] bodies = RowLoop.bodies(parts, (long) total * width / parts, () -> {
            float[] block = new float[width];
            float[] work = new float[width];
            return part -> {
                int from = (int) ((long) part * total / parts);
                int to = (int) ((part + 1L) * total / parts);
                if (dSkip == null) {
                    dX.zero(from, to, block);
                } else {
                    dX.copyRows(from, dSkip, from, to - from, width);
                }
                for (int i = 0; i < rows.length; i++) {
                    if (rows[i] >= from && rows[i] < to) {
                        dY.get(i, 0, block, 0, width);
                        dX.add(rows[i], 1, block, work, width);
                    }
                }
            };
        });
        p.then(index::read).rows(0, parts, bodies);
    }

    static void addRows(Program p) {
        AddRows op = (AddRows) p.call().op();
        Floats x = Floats.of(p.in(0));
        Floats branch = Floats.of(p.in(1));
        Floats y = Floats.of(p.out(0));
        Ints index = Ints.of(p.call().in(2));
        int total = (int) p.in(0).rows();
        int width = (int) p.in(0).columns();
        float[] alphas = alphas(op.iArgs(), op.tArgs());
        p.then(() -> {
            y.copyRows(0, x, 0, total, width);
            index.read();
        });
        int[] rows = index.values();
        p.rows(rows.length, width, () -> {
            float[] block = new float[width];
            float[] work = new float[width];
            return i -> {
                branch.get(i, 0, block, 0, width);
                y.add(rows[i], alphas[i], block, work, width);
            };
        });
    }

    static void addRowsGradient(Program p) {
        AddRows.Grad op = (AddRows.Grad) p.call().op();
        Floats dY = Floats.of(p.in(0));
        Floats dBranch = Floats.of(p.out(0));
        Ints index = Ints.of(p.call().in(1));
        int width = (int) p.in(0).columns();
        float[] alphas = alphas(op.iArgs(), op.tArgs());
        int[] rows = index.values();
        p.then(index::read).rows(rows.length, width, () -> {
            float[] block = new float[width];
            return i -> {
                dY.get(rows[i], 0, block, 0, width);
                scale(block, alphas[i]);
                dBranch.put(i, 0, block, 0, width);
            };
        });
    }

    static void addKeptRows(Program p) {
        Floats x = Floats.of(p.in(0));
        Floats branch = Floats.of(p.in(1));
        Floats y = Floats.of(p.out(0));
        int total = (int) p.in(0).rows();
        int width = (int) p.in(0).columns();
        Kept kept = Kept.of(p, 2);
        p.then(() -> {
            y.copyRows(0, x, 0, total, width);
            kept.read();
        });
        p.rows(total, width, () -> {
            float[] block = new float[width];
            float[] work = new float[width];
            return i -> {
                float factor = kept.factor(i);
                if (factor != 0) {
                    branch.get(i, 0, block, 0, width);
                    y.add(i, factor, block, work, width);
                }
            };
        });
    }

    static void addKeptRowsGradient(Program p) {
        Floats dY = Floats.of(p.in(0));
        Floats dBranch = Floats.of(p.out(0));
        int width = (int) p.in(0).columns();
        Kept kept = Kept.of(p, 1);
        p.then(kept::read).rows(p.in(0).rows(), width, () -> {
            float[] block = new float[width];
            return i -> {
                dY.get(i, 0, block, 0, width);
                scale(block, kept.factor(i));
                dBranch.put(i, 0, block, 0, width);
            };
        });
    }

    /** Which of the picked rows are kept, and their factors. */
    private record Kept(GraphOp op, Ints picked, Ints kept, double[] factors) {
        /** From the inputs {@code picked} and, just after it, {@code kept}. */
        static Kept of(Program p, int picked) {
            OpCall c = p.call();
            return new Kept(
                    c.op(), Ints.of(c.in(picked)), Ints.of(c.in(picked + 1)), new double[(int) c.op().attribute(0)]);
        }

        void read() {
            picked.read();
            AddKeptRows.factors(op, kept.read(), factors);
        }

        float factor(int i) {
            return (float) factors[picked.values()[i]];
        }
    }

    /** The factor of every row of the branch. */
    private static float[] alphas(long[] rows, double[] factors) {
        float[] alphas = new float[(int) Arrays.stream(rows).sum()];
        int at = 0;
        for (int g = 0; g < rows.length; g++) {
            Arrays.fill(alphas, at, at + (int) rows[g], (float) factors[g]);
            at += (int) rows[g];
        }
        return alphas;
    }

    static void splitGradient(Program p) {
        Floats out = Floats.of(p.out(0));
        int width = (int) p.out(0).columns();
        long row = 0;
        for (INDArray part : p.call().inputs()) {
            Floats from = Floats.of(Tensor.matrix(part, part.size(0)));
            long first = row;
            long rows = part.size(0);
            p.then(() -> out.copyRows(first, from, 0, rows, width));
            row += rows;
        }
    }

    static void l2Normalize(Program p) {
        Floats x = Floats.of(p.in(0));
        Floats y = Floats.of(
                p.outOrScratch(0, p.in(0).type(), p.in(0).rows(), p.in(0).columns()));
        Floats norms = p.out(1) == null ? null : Floats.of(p.out(1));
        double eps = ((L2Normalize) p.call().op()).real(0);
        int rows = (int) p.in(0).rows();
        int width = (int) p.in(0).columns();
        p.rows(rows, width, () -> {
            float[] block = new float[width];
            Reduce reduce = new Reduce();
            return r -> {
                x.get(r, 0, block, 0, width);
                double norm = Math.max(Math.sqrt(reduce.dot(block, 0, block, 0, width)), eps);
                scale(block, (float) (1 / norm));
                y.put(r, 0, block, 0, width);
                if (norms != null) {
                    norms.put(0, r, (float) norm);
                }
            };
        });
    }

    static void l2NormalizeGradient(Program p) {
        Floats y = Floats.of(p.in(0));
        Floats norms = Floats.of(p.in(1));
        Floats dY = Floats.of(p.in(2));
        Floats dX = Floats.of(p.out(0));
        float eps = (float) ((L2Normalize.Grad) p.call().op()).real(0);
        int rows = (int) p.in(0).rows();
        int width = (int) p.in(0).columns();
        p.rows(rows, width, () -> {
            float[] a = new float[width];
            float[] g = new float[width];
            Reduce reduce = new Reduce();
            return r -> {
                y.get(r, 0, a, 0, width);
                dY.get(r, 0, g, 0, width);
                float norm = norms.get(0, r);
                // a row shorter than eps was divided by a constant
                float along = norm <= eps ? 0 : (float) reduce.dot(a, 0, g, 0, width);
                float inverse = 1 / norm;
                for (int c = 0; c < width; c++) {
                    g[c] = (g[c] - a[c] * along) * inverse;
                }
                dX.put(r, 0, g, 0, width);
            };
        });
    }

    static void weightNorm(Program p) {
        Floats g = Floats.of(p.in(0).reshape(p.in(1).rows(), 1));
        Floats v = Floats.of(p.in(1));
        Floats w = Floats.of(p.out(0));
        int rows = (int) p.in(1).rows();
        int width = (int) p.in(1).columns();
        p.rows(rows, width, () -> {
            float[] block = new float[width];
            Reduce reduce = new Reduce();
            return r -> {
                v.get(r, 0, block, 0, width);
                double norm = Math.sqrt(reduce.dot(block, 0, block, 0, width));
                scale(block, (float) (g.get(r, 0) / norm));
                w.put(r, 0, block, 0, width);
            };
        });
    }

    static void weightNormGradient(Program p) {
        long k = p.in(1).rows();
        Floats g = Floats.of(p.in(0).reshape(k, 1));
        Floats v = Floats.of(p.in(1));
        Floats dW = Floats.of(p.in(2));
        Floats dG = p.out(0) == null ? null : Floats.of(p.out(0).reshape(k, 1));
        Floats dV = p.out(1) == null ? null : Floats.of(p.out(1));
        int width = (int) p.in(1).columns();
        p.rows(k, width, () -> {
            float[] a = new float[width];
            float[] d = new float[width];
            Reduce reduce = new Reduce();
            return r -> {
                v.get(r, 0, a, 0, width);
                dW.get(r, 0, d, 0, width);
                double norm = Math.sqrt(reduce.dot(a, 0, a, 0, width));
                double along = reduce.dot(a, 0, d, 0, width) / norm;
                if (dG != null) {
                    dG.put(r, 0, (float) along);
                }
                if (dV != null) {
                    float share = (float) (along / norm);
                    float factor = (float) (g.get(r, 0) / norm);
                    for (int c = 0; c < width; c++) {
                        d[c] = factor * (d[c] - share * a[c]);
                    }
                    dV.put(r, 0, d, 0, width);
                }
            };
        });
    }

    private static void scale(float[] x, float factor) {
        for (int i = 0; i < x.length; i++) {
            x[i] *= factor;
        }
    }
}
