package io.dino4j.train.eval.dense;

import io.dino4j.data.Seed;
import io.dino4j.data.vector.VectorFile;
import io.dino4j.train.eval.dense.Views.View;
import io.dino4j.train.eval.feature.ImageFeatures;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Features of single pixels of training images, interpolated between patches, and the truth about them. A linear head commutes with the
 * interpolation, so this is training on enlarged features with a part of their pixels in each step.
 *
 * <p>Each column is brought to mean 0 and deviation 1 over the training set, which is what batch norm comes to on features that do not change.
 */
final class FeaturePoints {
    /** Pixels of a view that are drawn from: more are hardly independent. */
    private static final int POOL = 2048;

    private static final int TRIES = 20;

    /** A column that varies less than this, for its size, holds rounding errors. */
    private static final double CONSTANT = 1e-6;

    /**
     * Pixels of a view with a known truth.
     *
     * @param x from 0 to 1 along the width of the view
     * @param y from 0 to 1 along its height
     * @param truth class or depth
     */
    record Pool(float[] x, float[] y, float[] truth) {
        /**
         * Draws pixels.
         *
         * @param truth of the whole original image, row by row; not a number where it is not known
         */
        static Pool of(View view, float[] truth, int width, RandomGenerator random) {
            int height = truth.length / width;
            float[][] kept = new float[3][POOL];
            int count = 0;
            for (int t = 0; t < TRIES * POOL && count < POOL; t++) {
                double x = random.nextDouble();
                double y = random.nextDouble();
                int column = (int) ((view.window().left() + x * view.window().width()) / view.width() * width);
                int row = (int) ((view.window().top() + y * view.window().height()) / view.height() * height);
                float value = truth[Math.min(row, height - 1) * width + Math.min(column, width - 1)];
                if (!Float.isNaN(value)) {
                    kept[0][count] = (float) x;
                    kept[1][count] = (float) y;
                    kept[2][count++] = value;
                }
            }
            int n = count;
            float[][] exact = IntStream.range(0, 3)
                    .mapToObj(i -> java.util.Arrays.copyOf(kept[i], n))
                    .toArray(float[][]::new);
            return new Pool(exact[0], exact[1], exact[2]);
        }
    }

    private final ImageFeatures features;
    private final List<Pool> pools;
    private final int[] usable;
    private final Columns columns;
    private final float[] mean;
    private final float[] scale; // 1 / deviation

    /**
     * Which numbers of a row are taken.
     *
     * @param from first
     * @param to after the last
     * @param cls whether the same columns of the cls token, which comes before the patches, follow
     */
    record Columns(int from, int to, boolean cls) {
        int width() {
            return (cls ? 2 : 1) * (to - from);
        }
    }

    /**
     * Points of a training set.
     *
     * @param pools one for each image of the features
     * @throws IllegalArgumentException if no pixel has a truth
     */
    FeaturePoints(ImageFeatures features, List<Pool> pools, Columns columns) {
        this.features = features;
        this.pools = pools;
        this.columns = columns;
        usable = IntStream.range(0, pools.size())
                .filter(i -> pools.get(i).truth.length > 0)
                .toArray();
        if (usable.length == 0) {
            throw new IllegalArgumentException(
                    "no pixel of the %d training images has a truth to learn from".formatted(features.size()));
        }
        mean = new float[width()];
        scale = new float[width()];
        measure();
    }

    /** Numbers of a point, {@code C}. */
    int width() {
        return columns.width();
    }

    float mean(int column) {
        return mean[column];
    }

    float scale(int column) {
        return scale[column];
    }

    private void measure() {
        VectorFile rows = features.rows();
        int d = features.dimension();
        int c = columns.to - columns.from;
        double[][] sums = new double[2][width()];
        double[] origin = new double[width()];
        long[] counts = new long[2];
        float[] row = new float[d];
        for (int n = 0; n < features.size(); n++) {
            for (int r = 0; r < features.rowCount(n); r++) {
                int part = columns.cls && r == 0 ? 1 : 0;
                rows.read(features.firstRow(n) + r, 1, row);
                for (int i = 0; i < c; i++) {
                    int to = part * c + i;
                    origin[to] = counts[part] == 0 ? row[columns.from + i] : origin[to]; // against cancellation
                    double v = row[columns.from + i] - origin[to];
                    sums[0][to] += v;
                    sums[1][to] += v * v;
                }
                counts[part]++;
            }
        }
        for (int i = 0; i < width(); i++) {
            double m = sums[0][i] / counts[i / c];
            double deviation = Math.sqrt(Math.max(0, sums[1][i] / counts[i / c] - m * m));
            mean[i] = (float) (origin[i] + m);
            scale[i] = (float) (deviation > CONSTANT * Math.max(1, Math.abs(mean[i])) ? 1 / deviation : 0);
        }
    }

    /**
     * Draws points.
     *
     * @param images that they are of
     * @param x {@code [n, C]} to be filled
     * @param truth {@code [n]} to be filled
     */
    void draw(Seed seed, int step, int images, float[] x, float[] truth) {
        RandomGenerator random = seed.at(step, 0);
        int n = truth.length;
        int[] image = new int[n];
        int[] point = new int[n];
        for (int i = 0; i < n; i++) {
            boolean next = i % (n / images) == 0;
            image[i] = next ? usable[random.nextInt(usable.length)] : image[i - 1];
            point[i] = random.nextInt(pools.get(image[i]).truth.length);
            truth[i] = pools.get(image[i]).truth[point[i]];
        }
        IntStream.range(0, n).parallel().forEach(i -> fill(image[i], point[i], x, i * width()));
    }

    private void fill(int n, int point, float[] x, int at) {
        Pool pool = pools.get(n);
        int d = features.dimension();
        int c = columns.to - columns.from;
        int w = features.gridWidth(n);
        Cells cx = Cells.at(pool.x[point], w);
        Cells cy = Cells.at(pool.y[point], features.gridHeight(n));
        int first = features.firstRow(n) + (columns.cls ? 1 : 0);
        float[] rows = new float[d];
        for (int corner = 0; corner < 4; corner++) {
            float across = corner % 2 == 0 ? 1 - cx.share() : cx.share();
            float down = corner / 2 == 0 ? 1 - cy.share() : cy.share();
            int column = corner % 2 == 0 ? cx.first() : cx.second();
            int row = corner / 2 == 0 ? cy.first() : cy.second();
            features.rows().read(first + row * w + column, 1, rows);
            for (int i = 0; i < c; i++) {
                x[at + i] = (corner == 0 ? 0 : x[at + i]) + across * down * rows[columns.from + i];
            }
        }
        if (columns.cls) {
            features.rows().read(first - 1, 1, rows);
            System.arraycopy(rows, columns.from, x, at + c, c);
        }
        for (int i = 0; i < width(); i++) {
            x[at + i] = (x[at + i] - mean[i]) * scale[i];
        }
    }
}
