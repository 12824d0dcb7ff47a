package io.dino4j.train.eval.classify;

import io.dino4j.data.Progress;
import io.dino4j.data.Seed;
import io.dino4j.train.eval.feature.ImageFeatures;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.FloatPointer;

/**
 * Linear heads of several inputs, trained together on batches of the same images, read from the disk batch by batch.
 *
 * @param inputs what the heads look at
 * @param rates learning rates of a batch of 256; with a batch of B they are {@code B / 256} of it
 * @param batch images in a step
 * @param steps in all; the learning rates fall to 0 along a half cosine
 * @param seed of weights and of the order of images
 */
record LinearProbe(List<FeatureInput> inputs, double[] rates, int batch, int steps, Seed seed) {
    private static final double RATE_BATCH = 256;

    /** Images that are classified at a time. */
    private static final int TEST_BLOCK = 256;

    /**
     * Images for the heads.
     *
     * @param features of all images
     * @param rows which of them
     * @param mean that is removed, {@code [D]}; empty for none
     */
    record Rows(ImageFeatures features, int[] rows, float[] mean) {
        static Rows all(ImageFeatures features, float[] mean) {
            return new Rows(features, IntStream.range(0, features.size()).toArray(), mean);
        }

        int[] labels() {
            return IntStream.of(rows).map(features::label).toArray();
        }

        /** Copies images into a batch: {@code [count, D]}. */
        void read(int[] which, int from, int count, FloatPointer into) {
            int d = features.dimension();
            float[] row = new float[d];
            for (int i = 0; i < count; i++) {
                features.rows().read(rows[which[from + i]], 1, row);
                for (int j = 0; j < mean.length; j++) {
                    row[j] -= mean[j];
                }
                into.position((long) i * d).put(row, 0, d);
            }
            into.position(0);
        }
    }

    /** Trained heads: those of the first input by learning rate, then those of the next. */
    final class Trained implements AutoCloseable {
        private final List<LinearHeads> heads;
        private final List<String> classes;

        private Trained(List<LinearHeads> heads, List<String> classes) {
            this.heads = heads;
            this.classes = classes;
        }

        /** Number of heads. */
        int size() {
            return inputs.size() * rates.length;
        }

        FeatureInput input(int head) {
            return inputs.get(head / rates.length);
        }

        /** Of a batch of 256. */
        double rate(int head) {
            return rates[head % rates.length];
        }

        /** Images that each head classifies right. */
        long[] right(Rows set) {
            int[] labels = set.labels();
            long[] right = new long[size()];
            blocks(set, (input, z, first, rows) -> {
                for (int h = 0; h < rates.length; h++) {
                    for (int r = 0; r < rows; r++) {
                        int at = (r * rates.length + h) * classes.size();
                        right[input * rates.length + h] += top(z, at) == labels[first + r] ? 1 : 0;
                    }
                }
            });
            return right;
        }

        /** The class with the largest score; -1 if training went astray. */
        private int top(float[] z, int at) {
            int top = 0;
            for (int k = 0; k < classes.size(); k++) {
                if (!Float.isFinite(z[at + k])) {
                    return -1;
                }
                top = z[at + k] > z[at + top] ? k : top;
            }
            return top;
        }

        /** What one head says of images. */
        ClassScores scores(Rows set, int head) {
            int k = classes.size();
            float[][] scores = new float[set.rows.length][];
            blocks(set, (input, z, first, rows) -> {
                for (int r = 0; input == head / rates.length && r < rows; r++) {
                    int at = (r * rates.length + head % rates.length) * k;
                    scores[first + r] = Arrays.copyOfRange(z, at, at + k);
                    LinearHeads.softmax(scores[first + r], 0, k);
                }
            });
            return ClassScores.of(classes, set.labels(), scores);
        }

        private void blocks(Rows set, Block use) {
            int n = set.rows.length;
            int d = set.features.dimension();
            int[] all = IntStream.range(0, n).toArray();
            try (FloatPointer x = new FloatPointer((long) Math.min(TEST_BLOCK, n) * d)) {
                for (int first = 0; first < n; first += TEST_BLOCK) {
                    int rows = Math.min(TEST_BLOCK, n - first);
                    set.read(all, first, rows, x);
                    for (int i = 0; i < inputs.size(); i++) {
                        use.scores(
                                i, heads.get(i).scores(x.position(inputs.get(i).from()), d, rows), first, rows);
                    }
                    x.position(0);
                }
            }
        }

        @Override
        public void close() {
            heads.forEach(LinearHeads::close);
        }
    }

    /** Scores of some images by all heads of one input. */
    @FunctionalInterface
    private interface Block {
        void scores(int input, float[] z, int first, int rows);
    }

    /** Trains all heads; whoever asked for them closes them. */
    Trained train(Rows train, List<String> classes, Progress progress) {
        List<LinearHeads> heads = new ArrayList<>();
        double scale = batch(train) / RATE_BATCH;
        double[] scaled = Arrays.stream(rates).map(r -> r * scale).toArray();
        for (FeatureInput input : inputs) {
            heads.add(new LinearHeads(input.dimension(), classes.size(), scaled, seed.derive(input.name())));
        }
        fit(train, heads, progress);
        return new Trained(heads, classes);
    }

    private int batch(Rows train) {
        return Math.min(batch, train.rows.length);
    }

    private void fit(Rows train, List<LinearHeads> heads, Progress progress) {
        int size = batch(train);
        int d = train.features.dimension();
        int[] labels = train.labels();
        int[] order = {};
        int at = 0;
        int epoch = 0;
        int[] batchLabels = new int[size];
        try (FloatPointer x = new FloatPointer((long) size * d)) {
            for (int step = 0; step < steps; step++) {
                if (at + size > order.length) { // what is left of an epoch is left out
                    order = IntStream.range(0, labels.length).toArray();
                    LabelledFeatures.shuffle(order, seed.derive("order").at(epoch++, 0));
                    at = 0;
                }
                train.read(order, at, size, x);
                for (int i = 0; i < size; i++) {
                    batchLabels[i] = labels[order[at + i]];
                }
                at += size;
                double factor = 0.5 * (1 + Math.cos(Math.PI * step / steps));
                for (int i = 0; i < inputs.size(); i++) {
                    heads.get(i).step(x.position(inputs.get(i).from()), d, batchLabels, factor);
                }
                x.position(0);
                progress.advance(step + 1, Map.of());
            }
        }
    }
}
