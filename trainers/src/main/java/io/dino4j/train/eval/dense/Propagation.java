package io.dino4j.train.eval.dense;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Labels of patches carried from frame to frame (DINO, {@code eval_video_segmentation.py}): a patch takes the mean of the labels of the
 * {@value #NEIGHBOURS} most similar patches near its place in the first frame and the last {@value #FRAMES}, with the weights {@code exp(cosine /
 * 0.1)}. Nothing is trained.
 */
final class Propagation {
    static final int NEIGHBOURS = 5;
    static final int FRAMES = 7;

    /** How far labels move between two frames, in patches. */
    static final int RADIUS = 12;

    private static final double TEMPERATURE = 0.1;

    private final int height;
    private final int width;
    private final int labels;
    private final Frame first;
    private final Deque<Frame> last = new ArrayDeque<>();

    /** Features of unit length, {@code [n, D]}, and labels, {@code [n, K]}. */
    private record Frame(INDArray features, float[] labels) {}

    /**
     * Begins with a frame.
     *
     * @param features {@code [height * width, D]}
     * @param known {@code [height * width, labels]}
     */
    Propagation(int height, int width, float[] features, float[] known, int labels) {
        this.height = height;
        this.width = width;
        this.labels = labels;
        first = new Frame(unit(features), known);
    }

    private INDArray unit(float[] features) {
        int n = height * width;
        int d = features.length / n;
        float[] unit = features.clone();
        for (int p = 0; p < n; p++) {
            double sum = 0;
            for (int i = p * d; i < (p + 1) * d; i++) {
                sum += (double) unit[i] * unit[i];
            }
            float scale = (float) (1 / Math.max(1e-12, Math.sqrt(sum)));
            for (int i = p * d; i < (p + 1) * d; i++) {
                unit[i] *= scale;
            }
        }
        return Nd4j.createFromArray(unit).reshape(n, d);
    }

    /**
     * The labels of the next frame.
     *
     * @param features {@code [height * width, D]}
     * @return {@code [height * width, labels]}, sums of weights that add to 1
     */
    float[] next(float[] features) {
        List<Frame> context = new ArrayList<>(List.of(first));
        context.addAll(last);
        INDArray unit = unit(features);
        List<float[]> similarities = new ArrayList<>();
        for (Frame f : context) {
            try (INDArray product = unit.mmul(f.features.transpose())) {
                similarities.add(product.dup('c').data().asFloat());
            }
        }
        float[] out = new float[height * width * labels];
        IntStream.range(0, height * width).parallel().forEach(p -> label(p, context, similarities, out));
        last.addLast(new Frame(unit, out));
        if (last.size() > FRAMES) {
            last.removeFirst().features.close();
        }
        return out;
    }

    private void label(int patch, List<Frame> context, List<float[]> similarities, float[] out) {
        double[] best = new double[NEIGHBOURS]; // descending
        int[] frame = new int[NEIGHBOURS];
        int[] source = new int[NEIGHBOURS];
        Arrays.fill(best, Double.NEGATIVE_INFINITY);
        int n = height * width;
        int y = patch / width;
        int x = patch % width;
        for (int f = 0; f < context.size(); f++) {
            float[] of = similarities.get(f);
            for (int sy = Math.max(0, y - RADIUS); sy <= Math.min(height - 1, y + RADIUS); sy++) {
                for (int sx = Math.max(0, x - RADIUS); sx <= Math.min(width - 1, x + RADIUS); sx++) {
                    double s = of[patch * n + sy * width + sx];
                    for (int at = NEIGHBOURS - 1; at >= 0 && s > best[at]; at--) {
                        if (at < NEIGHBOURS - 1) {
                            best[at + 1] = best[at];
                            frame[at + 1] = frame[at];
                            source[at + 1] = source[at];
                        }
                        best[at] = s;
                        frame[at] = f;
                        source[at] = sy * width + sx;
                    }
                }
            }
        }
        double sum = 0;
        for (double s : best) {
            sum += Math.exp((s - best[0]) / TEMPERATURE);
        }
        for (int i = 0; i < NEIGHBOURS && best[i] > Double.NEGATIVE_INFINITY; i++) {
            double weight = Math.exp((best[i] - best[0]) / TEMPERATURE) / sum;
            for (int k = 0; k < labels; k++) {
                out[patch * labels + k] += (float) (weight * context.get(frame[i]).labels[source[i] * labels + k]);
            }
        }
    }
}
