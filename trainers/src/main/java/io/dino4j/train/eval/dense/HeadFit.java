package io.dino4j.train.eval.dense;

import io.dino4j.data.Progress;
import io.dino4j.data.Seed;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Trains a linear head by AdamW, the rate falling along a cosine. The same seed gives the same head. */
final class HeadFit {
    private static final double START_DEVIATION = 0.01; // of the official heads
    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.999;
    private static final double EPSILON = 1e-8;

    private final FeaturePoints points;
    private final HeadLoss loss;
    private final DenseSettings settings;
    private final int width;
    private final int outputs;
    private final float[] parameters; // [C, K], then [K]
    private final float[] first;
    private final float[] second;

    private HeadFit(FeaturePoints points, HeadLoss loss, DenseSettings settings) {
        this.points = points;
        this.loss = loss;
        this.settings = settings;
        width = points.width();
        outputs = loss.outputs();
        parameters = new float[Math.multiplyExact(width + 1, outputs)];
        first = new float[parameters.length];
        second = new float[parameters.length];
        RandomGenerator random = new Seed(settings.seed()).derive("head").at(0, 0);
        for (int i = 0; i < width * outputs; i++) {
            parameters[i] = (float) (START_DEVIATION * random.nextGaussian());
        }
    }

    /**
     * Trains.
     *
     * @throws IllegalArgumentException if the loss does not stay finite
     */
    static LinearHead fit(FeaturePoints points, HeadLoss loss, DenseSettings settings, Progress progress) {
        HeadFit fit = new HeadFit(points, loss, settings);
        progress.begin("training a head", 0, settings.steps());
        try {
            fit.train(progress);
        } finally {
            progress.end();
        }
        return fit.folded();
    }

    private void train(Progress progress) {
        int n = DenseSettings.POINTS;
        Seed seed = new Seed(settings.seed()).derive("points");
        float[] x = new float[Math.multiplyExact(n, width)];
        float[] truth = new float[n];
        float[] logits = new float[n * outputs];
        double[] exact = new double[n * outputs];
        float[] gradient = new float[parameters.length];
        try (INDArray in = Nd4j.create(DataType.FLOAT, n, width);
                INDArray w = Nd4j.create(DataType.FLOAT, width, outputs);
                INDArray z = Nd4j.create(DataType.FLOAT, n, outputs);
                INDArray gw = Nd4j.create(DataType.FLOAT, width, outputs)) {
            for (int step = 0; step < settings.steps(); step++) {
                points.draw(seed, step, DenseSettings.IMAGES, x, truth);
                put(in, x, x.length);
                put(w, parameters, width * outputs);
                Nd4j.matmul(in, w, z, false, false, false);
                take(z, logits, logits.length);
                for (int i = 0; i < exact.length; i++) {
                    exact[i] = logits[i] + parameters[width * outputs + i % outputs];
                }
                double value = loss.backward(exact, truth);
                if (!Double.isFinite(value)) {
                    throw new IllegalArgumentException(
                            "the loss of the head is %s at step %d; lower the rate of learning".formatted(value, step));
                }
                double[] bias = new double[outputs];
                for (int i = 0; i < exact.length; i++) {
                    logits[i] = (float) exact[i];
                    bias[i % outputs] += exact[i];
                }
                put(z, logits, logits.length);
                Nd4j.matmul(in, z, gw, true, false, false);
                take(gw, gradient, width * outputs);
                for (int k = 0; k < outputs; k++) {
                    gradient[width * outputs + k] = (float) bias[k];
                }
                update(gradient, step);
                progress.advance(step + 1L, Map.of("loss", value));
            }
        }
    }

    private static void put(INDArray to, float[] from, int count) {
        new FloatPointer(to.data().addressPointer()).put(from, 0, count);
    }

    private static void take(INDArray from, float[] to, int count) {
        new FloatPointer(from.data().addressPointer()).get(to, 0, count);
    }

    /** AdamW (Loshchilov and Hutter 2019, algorithm 2). */
    private void update(float[] gradient, int step) {
        double rate = settings.rate() * 0.5 * (1 + Math.cos(Math.PI * step / settings.steps()));
        double bias1 = 1 - Math.pow(BETA1, step + 1.0);
        double bias2 = Math.sqrt(1 - Math.pow(BETA2, step + 1.0));
        float keep = (float) (1 - rate * DenseSettings.WEIGHT_DECAY);
        for (int i = 0; i < parameters.length; i++) {
            first[i] = (float) (BETA1 * first[i] + (1 - BETA1) * gradient[i]);
            second[i] = (float) (BETA2 * second[i] + (1 - BETA2) * gradient[i] * gradient[i]);
            float kept = i < width * outputs ? parameters[i] * keep : parameters[i];
            parameters[i] = (float) (kept - rate / bias1 * first[i] / (Math.sqrt(second[i]) / bias2 + EPSILON));
        }
    }

    /** The head with the normalisation of its input in its weights. */
    private LinearHead folded() {
        float[] weights = new float[width * outputs];
        double[] bias = new double[outputs];
        for (int i = 0; i < weights.length; i++) {
            int c = i / outputs;
            weights[i] = parameters[i] * points.scale(c);
            bias[i % outputs] -= (double) weights[i] * points.mean(c);
        }
        float[] shifted = new float[outputs];
        for (int k = 0; k < outputs; k++) {
            shifted[k] = (float) (bias[k] + parameters[width * outputs + k]);
        }
        return new LinearHead(Nd4j.createFromArray(weights).reshape(width, outputs), shifted);
    }
}
