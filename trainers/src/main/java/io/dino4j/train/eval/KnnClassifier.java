package io.dino4j.train.eval;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Weighted nearest-neighbour classifier (upstream eval/knn.py). Features are scaled to unit length; the similarity of two
 * is their dot product. A test sample's neighbours vote for their class with the weight
 * {@code softmax(similarity / T)}, taken once over the neighbours of the largest k asked for: the scores of a smaller k
 * are a part of it and do not sum to 1.
 * <p>Memory beside the features is bounded by a block of 32 MB.
 */
public final class KnnClassifier {
    /** Upstream's temperature. */
    public static final double TEMPERATURE = 0.07;

    private static final int TRAIN_BLOCK = 16384;
    private static final int TEST_BLOCK = 512;

    /**
     * Nearest neighbours of each test sample, most similar first; of equals, the one that comes first in the training set.
     *
     * @param similarities (tests, k) cosine similarities, descending
     * @param indices (tests, k) rows of the training set
     */
    public record Neighbours(float[][] similarities, int[][] indices) {}

    /**
     * Scores for one k.
     *
     * @param k neighbours that vote
     * @param probabilities (tests, classes) sums of weights
     * @param top1 (tests) class with the largest sum
     */
    public record Scores(int k, float[][] probabilities, int[] top1) {
        /** Share of samples whose class is right, 0 to 1. */
        public double accuracy(int[] labels) {
            requireLength("labels", labels.length, top1.length);
            long right = 0;
            for (int i = 0; i < top1.length; i++) {
                right += top1[i] == labels[i] ? 1 : 0;
            }
            return top1.length == 0 ? 0 : (double) right / top1.length;
        }
    }

    private final INDArray train;
    private final int[] labels;
    private final int classes;
    private final double temperature;

    /**
     * A classifier with upstream's temperature.
     *
     * @param features (N, D) training features, of any length
     * @param labels (N) classes, from 0
     * @param classes number of classes
     */
    public KnnClassifier(INDArray features, int[] labels, int classes) {
        this(features, labels, classes, TEMPERATURE);
    }

    /**
     * A classifier.
     *
     * @param features (N, D) training features, of any length
     * @param labels (N) classes, from 0
     * @param classes number of classes
     * @param temperature T, above 0
     */
    public KnnClassifier(INDArray features, int[] labels, int classes, double temperature) {
        if (features.rank() != 2) {
            throw new IllegalArgumentException(
                    "features: expected shape (N, D), got " + Arrays.toString(features.shape()));
        }
        requireLength("labels", labels.length, features.size(0));
        for (int label : labels) {
            if (label < 0 || label >= classes) {
                throw new IllegalArgumentException("label %d lies outside 0..%d".formatted(label, classes - 1));
            }
        }
        if (!(temperature > 0)) {
            throw new IllegalArgumentException("temperature must be above 0, got " + temperature);
        }
        this.train = unitRows(features);
        this.labels = labels.clone();
        this.classes = classes;
        this.temperature = temperature;
    }

    /**
     * Rows scaled to unit length; a row of zeros stays one.
     *
     * @param features {@code [N, D]}, of any type
     * @return {@code [N, D]} FLOAT, the caller's own
     */
    public static INDArray unitRows(INDArray features) {
        INDArray rows = features.dataType() == DataType.FLOAT ? features.dup('c') : features.castTo(DataType.FLOAT);
        INDArray norms = rows.norm2(true, 1);
        for (long i = 0; i < norms.length(); i++) {
            norms.putScalar(i, 0, Math.max(norms.getFloat(i, 0), 1e-12f));
        }
        return rows.diviColumnVector(norms);
    }

    /**
     * Classifies.
     *
     * @param features (M, D) test features, of any length
     * @param ks numbers of neighbours; those beyond the training set mean all of it
     * @return scores by k, as asked
     */
    public Map<Integer, Scores> classify(INDArray features, int... ks) {
        int most = Arrays.stream(ks).max().orElseThrow(() -> new IllegalArgumentException("name at least one k"));
        Neighbours near = neighbours(features, most);
        Map<Integer, Scores> result = new TreeMap<>();
        for (int k : ks) {
            if (k < 1) {
                throw new IllegalArgumentException("k must be 1 or more, got " + k);
            }
            result.put(k, scores(near, k));
        }
        return result;
    }

    /**
     * Share of test samples classified right, 0 to 1, by k.
     *
     * @param features (M, D) test features
     * @param testLabels (M) their classes
     * @param ks numbers of neighbours
     */
    public Map<Integer, Double> accuracy(INDArray features, int[] testLabels, int... ks) {
        Map<Integer, Double> result = new TreeMap<>();
        classify(features, ks).forEach((k, scores) -> result.put(k, scores.accuracy(testLabels)));
        return result;
    }

    /**
     * The nearest training samples of each test sample.
     *
     * @param features (M, D) test features, of any length
     * @param k how many; at most the size of the training set are returned
     */
    public Neighbours neighbours(INDArray features, int k) {
        if (features.rank() != 2 || features.size(1) != train.size(1)) {
            throw new IllegalArgumentException("features: expected shape (M, %d), got %s"
                    .formatted(train.size(1), Arrays.toString(features.shape())));
        }
        INDArray test = unitRows(features);
        int tests = (int) test.size(0);
        int count = (int) Math.min(k, train.size(0));
        float[][] similarities = new float[tests][count];
        int[][] indices = new int[tests][count];
        for (float[] row : similarities) {
            Arrays.fill(row, Float.NEGATIVE_INFINITY);
        }
        for (int from = 0; from < tests; from += TEST_BLOCK) {
            int to = Math.min(tests, from + TEST_BLOCK);
            INDArray block = test.get(NDArrayIndex.interval(from, to), NDArrayIndex.all());
            for (int at = 0; at < train.size(0); at += TRAIN_BLOCK) {
                merge(block, from, at, similarities, indices);
            }
        }
        return new Neighbours(similarities, indices);
    }

    /** Looks through one block of the training set for one block of tests. */
    private void merge(INDArray block, int firstTest, int firstTrain, float[][] similarities, int[][] indices) {
        int end = (int) Math.min(train.size(0), (long) firstTrain + TRAIN_BLOCK);
        int rows = end - firstTrain;
        int tests = (int) block.size(0);
        // column-major (rows, tests): the similarities of one test lie next to each other
        INDArray product = Nd4j.createUninitialized(DataType.FLOAT, new long[] {rows, tests}, 'f');
        INDArray part = train.get(NDArrayIndex.interval(firstTrain, end), NDArrayIndex.all());
        Nd4j.gemm(part, block, product, false, true, 1, 0);
        float[] column = new float[rows];
        try (FloatPointer pointer = new FloatPointer(product.data().addressPointer())) {
            for (int t = 0; t < tests; t++) {
                pointer.position((long) t * rows).get(column, 0, rows);
                keepLargest(column, firstTrain, similarities[firstTest + t], indices[firstTest + t]);
            }
        }
        product.close();
    }

    /** Inserts into a sorted list of fixed length; few samples get past the comparison with its end. */
    private static void keepLargest(float[] column, int first, float[] best, int[] index) {
        int last = best.length - 1;
        for (int i = 0; i < column.length; i++) {
            float s = column[i];
            if (s > best[last]) {
                int at = last;
                while (at > 0 && best[at - 1] < s) {
                    best[at] = best[at - 1];
                    index[at] = index[at - 1];
                    at--;
                }
                best[at] = s;
                index[at] = first + i;
            }
        }
    }

    private Scores scores(Neighbours near, int k) {
        int tests = near.indices().length;
        float[][] probabilities = new float[tests][classes];
        int[] top1 = new int[tests];
        for (int t = 0; t < tests; t++) {
            double[] weights = softmax(near.similarities()[t]);
            double[] sums = new double[classes];
            for (int n = 0; n < Math.min(k, weights.length); n++) {
                sums[labels[near.indices()[t][n]]] += weights[n];
            }
            for (int c = 0; c < classes; c++) {
                probabilities[t][c] = (float) sums[c];
                top1[t] = sums[c] > sums[top1[t]] ? c : top1[t];
            }
        }
        return new Scores(k, probabilities, top1);
    }

    private double[] softmax(float[] similarities) {
        double[] weights = new double[similarities.length];
        double total = 0;
        for (int i = 0; i < weights.length; i++) {
            weights[i] = Math.exp((similarities[i] - similarities[0]) / temperature);
            total += weights[i];
        }
        for (int i = 0; i < weights.length; i++) {
            weights[i] /= total;
        }
        return weights;
    }

    private static void requireLength(String what, long got, long want) {
        if (got != want) {
            throw new IllegalArgumentException("%s: expected %d, got %d".formatted(what, want, got));
        }
    }
}
