package io.dino4j.train.report;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Patch features as colours: the first three principal components over all patches of all images become red, green and
 * blue, so that equal colours mean similar features, in one image or across them. Each component is stretched so that its
 * 2nd to 98th percentile fill the range; its sign, which is arbitrary, is fixed by its largest entry.
 */
public final class PatchColors {
    private static final int COMPONENTS = 3;
    private static final int ITERATIONS = 100;

    private PatchColors() {}

    /** The colours, [images][patches · 3], 8-bit RGB. */
    public static byte[][] of(PatchFeatures input) {
        int images = input.features().length;
        int patches = input.patches();
        float[][] projected = project(input); // (components, images · patches)
        byte[][] colors = new byte[images][patches * 3];
        for (int c = 0; c < COMPONENTS; c++) {
            float[] sorted = projected[c].clone();
            Arrays.sort(sorted);
            float low = sorted[(int) (0.02 * (sorted.length - 1))];
            float high = sorted[(int) Math.ceil(0.98 * (sorted.length - 1))];
            float range = Math.max(high - low, 1e-12f);
            for (int i = 0; i < projected[c].length; i++) {
                float share = Math.max(0, Math.min(1, (projected[c][i] - low) / range));
                colors[i / patches][i % patches * 3 + c] = (byte) Math.round(255 * share);
            }
        }
        return colors;
    }

    private static float[][] project(PatchFeatures input) {
        int rows = input.features().length * input.patches();
        int d = input.channels();
        INDArray raw = Nd4j.createFromArray(input.features());
        INDArray mean = raw.reshape(rows, d).mean(0);
        INDArray x = raw.reshape(rows, d).subRowVector(mean); // (rows, D)
        INDArray covariance = x.transpose().mmul(x);
        double[][] found = leading(covariance.toDoubleMatrix());
        float[][] axes = new float[COMPONENTS][d];
        for (int c = 0; c < COMPONENTS; c++) {
            for (int j = 0; j < d; j++) {
                axes[c][j] = (float) found[c][j];
            }
        }
        INDArray basis = Nd4j.createFromArray(axes);
        INDArray projected = basis.mmul(x.transpose());
        float[][] result = projected.toFloatMatrix();
        // a live page does this for hours: native memory must not wait for the collector
        List.of(raw, mean, x, covariance, basis, projected).forEach(INDArray::close);
        return result;
    }

    /** Leading eigenvectors of a symmetric matrix by orthogonal iteration from a fixed start. */
    static double[][] leading(double[][] matrix) {
        int d = matrix.length;
        SplittableRandom random = new SplittableRandom(0);
        double[][] basis = new double[COMPONENTS][d];
        for (double[] axis : basis) {
            Arrays.setAll(axis, j -> random.nextDouble() - 0.5);
        }
        for (int i = 0; i < ITERATIONS; i++) {
            for (int c = 0; c < COMPONENTS; c++) {
                basis[c] = times(matrix, basis[c]);
                for (int before = 0; before < c; before++) {
                    addScaled(basis[c], basis[before], -dot(basis[c], basis[before]));
                }
                double norm = Math.sqrt(dot(basis[c], basis[c]));
                scale(basis[c], norm > 1e-30 ? 1 / norm : 0);
            }
        }
        for (double[] axis : basis) {
            double largest = Arrays.stream(axis).reduce(0, (a, b) -> Math.abs(b) > Math.abs(a) ? b : a);
            scale(axis, largest < 0 ? -1 : 1);
        }
        return basis;
    }

    private static double[] times(double[][] matrix, double[] v) {
        double[] out = new double[v.length];
        Arrays.setAll(out, i -> dot(matrix[i], v));
        return out;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static void addScaled(double[] a, double[] b, double factor) {
        for (int i = 0; i < a.length; i++) {
            a[i] += factor * b[i];
        }
    }

    private static void scale(double[] a, double factor) {
        for (int i = 0; i < a.length; i++) {
            a[i] *= factor;
        }
    }
}
