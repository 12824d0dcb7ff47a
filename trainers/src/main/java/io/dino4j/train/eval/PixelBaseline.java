package io.dino4j.train.eval;

import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Nearest neighbours of raw pixels: what a classifier gets without any learning. Features below it have learned nothing
 * of use. The mean image of the training set is removed, else all cosines are close to 1.
 */
public final class PixelBaseline {
    private PixelBaseline() {}

    /**
     * Share of test images classified right, 0 to 1, by k.
     *
     * @param train (N, pixels) training images, flat
     * @param trainLabels (N) their classes
     * @param test (M, pixels) test images, flat
     * @param testLabels (M) their classes
     * @param classes number of classes
     * @param ks numbers of neighbours
     */
    public static Map<Integer, Double> accuracy(
            INDArray train, int[] trainLabels, INDArray test, int[] testLabels, int classes, int... ks) {
        INDArray known = train.castTo(DataType.FLOAT);
        INDArray mean = known.mean(0);
        return new KnnClassifier(known.subRowVector(mean), trainLabels, classes)
                .accuracy(test.castTo(DataType.FLOAT).subRowVector(mean), testLabels, ks);
    }
}
