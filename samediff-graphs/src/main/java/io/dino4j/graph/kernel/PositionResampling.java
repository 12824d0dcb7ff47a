package io.dino4j.graph.kernel;

import io.dino4j.graph.op.PositionEmbedding.Resize;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The interpolation of position embeddings as a matrix, so that resizing is a product with it and the gradient a product with its
 * transpose. It is the bicubic interpolation of PyTorch ({@code interpolate(mode="bicubic", align_corners=False)}) with
 * half-pixel centres:
 *
 * <ul>
 *   <li>plain: cubic kernel with {@code a = -0.75}, four samples, those beyond the border replaced by the border sample;
 *   <li>antialiased: cubic kernel with {@code a = -0.5}, widened by the scale when shrinking, samples beyond the border left out
 *       and the weights normalised to sum 1. Even when enlarging this differs from the plain one.
 * </ul>
 *
 * <p>The trap: with an offset {@code o != 0} the reference hands scale factors {@code (h + o) / M} to the interpolation, which then
 * samples at steps of {@code M / (h + o)} rather than {@code M / h}.
 */
public final class PositionResampling {
    private static final double PLAIN = -0.75;
    private static final double ANTIALIASED = -0.5;

    private PositionResampling() {}

    /**
     * The matrix {@code [1 + h w, 1 + M M]} that turns a trained embedding {@code [1 + M M, D]} into that of an {@code h x w}
     * image. The first row and column pass the cls token on. The unit matrix if {@link Resize#isIdentity}.
     */
    public static INDArray matrix(Resize resize, DataType type) {
        int side = resize.side();
        double[][] down = down(resize);
        double[][] across = across(resize);
        double[][] matrix = new double[1 + resize.height() * resize.width()][1 + side * side];
        matrix[0][0] = 1;
        for (int y = 0; y < resize.height(); y++) {
            for (int x = 0; x < resize.width(); x++) {
                double[] row = matrix[1 + y * resize.width() + x];
                for (int i = 0; i < side; i++) {
                    for (int j = 0; j < side; j++) {
                        row[1 + i * side + j] = down[y][i] * across[x][j];
                    }
                }
            }
        }
        return Nd4j.createFromArray(matrix).castTo(type);
    }

    /** Rows of the trained grid to rows of the image's, {@code [h, M]}: with {@link #across} the two factors of {@link #matrix}. */
    public static double[][] down(Resize resize) {
        return weights(resize.side(), resize.height(), resize);
    }

    /** Columns of the trained grid to columns of the image's, {@code [w, M]}. */
    public static double[][] across(Resize resize) {
        return weights(resize.side(), resize.width(), resize);
    }

    private static double[][] weights(int from, int to, Resize resize) {
        double[][] weights = new double[to][from];
        double scale = from / (to + resize.offset());
        for (int i = 0; i < to; i++) {
            if (resize.isIdentity()) {
                weights[i][i] = 1;
            } else if (resize.antialias()) {
                antialiased(weights[i], i, scale);
            } else {
                plain(weights[i], i, scale);
            }
        }
        return weights;
    }

    private static void plain(double[] weights, int i, double scale) {
        double center = scale * (i + 0.5) - 0.5;
        int first = (int) Math.floor(center) - 1;
        for (int k = first; k < first + 4; k++) {
            // several samples beyond the border share the border sample
            weights[Math.min(Math.max(k, 0), weights.length - 1)] += cubic(k - center, PLAIN);
        }
    }

    private static void antialiased(double[] weights, int i, double scale) {
        double widening = Math.max(scale, 1);
        double center = scale * (i + 0.5);
        int first = Math.max((int) (center - 2 * widening + 0.5), 0);
        int end = Math.min((int) (center + 2 * widening + 0.5), weights.length);
        double sum = 0;
        for (int k = first; k < end; k++) {
            weights[k] = cubic((k - center + 0.5) / widening, ANTIALIASED);
            sum += weights[k];
        }
        for (int k = first; k < end; k++) {
            weights[k] /= sum;
        }
    }

    /** Keys' cubic convolution kernel. */
    private static double cubic(double x, double a) {
        double d = Math.abs(x);
        if (d < 1) {
            return ((a + 2) * d - (a + 3)) * d * d + 1;
        }
        return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
    }
}
