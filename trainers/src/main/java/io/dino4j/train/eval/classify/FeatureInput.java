package io.dino4j.train.eval.classify;

import io.dino4j.train.eval.feature.ImageFeatures;
import io.dino4j.train.eval.feature.NetworkSubject;
import io.dino4j.train.eval.feature.Subject;
import io.dino4j.zoo.FeatureKind;
import io.dino4j.zoo.FeatureKind.Pooling;
import java.util.List;

/**
 * Columns of the widest features that a linear head looks at: of the cls tokens of the last n blocks, one after another, and then the mean
 * patch token of the last block.
 *
 * @param name in tables
 * @param from first column
 * @param to after the last column
 */
public record FeatureInput(String name, int from, int to) {
    /** Number of columns. */
    public int dimension() {
        return to - from;
    }

    /** The features that all inputs are a part of. */
    static FeatureKind kind(Subject subject) {
        return new FeatureKind(Pooling.CLS_MEAN, LabelledFeatures.widest(subject));
    }

    /** The inputs of official heads: the last block or the last 4, without and with the mean. */
    static List<FeatureInput> of(Subject subject, ImageFeatures features) {
        if (!(subject instanceof NetworkSubject)) {
            return List.of(new FeatureInput("pixels", 0, features.dimension()));
        }
        return ofTokens(LabelledFeatures.widest(subject), features.dimension());
    }

    /**
     * The inputs of official heads in features of {@link Pooling#CLS_MEAN}.
     *
     * @param layers blocks in the features
     * @param width numbers of the features, {@code (layers + 1) D}
     */
    public static List<FeatureInput> ofTokens(int layers, int width) {
        int d = width / (layers + 1);
        FeatureInput last = new FeatureInput("last block", (layers - 1) * d, layers * d);
        FeatureInput lastMean = new FeatureInput("last block + mean", (layers - 1) * d, width);
        if (layers == 1) {
            return List.of(last, lastMean);
        }
        String blocks = "last %d blocks".formatted(layers);
        return List.of(
                last,
                lastMean,
                new FeatureInput(blocks, 0, layers * d),
                new FeatureInput(blocks + " + mean", 0, width));
    }
}
